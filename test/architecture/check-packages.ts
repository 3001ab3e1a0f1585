/** What every package says of itself, and what a connector has to bring. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolders, type PackageManifest, readManifest } from './checkout.ts'

const sourceCondition = '@bulkhead/source'

/** @returns faults as `folder: what is wrong` */
export function checkPackages(checkout: string): readonly string[] {
  const folders = packageFolders(checkout)
  if (folders.length === 0) throw new Error('There is no package to check')
  return folders.flatMap((folder) => {
    const manifest = readManifest(checkout, folder)
    const faults = [...ofEvery(checkout, folder, manifest)]
    if (folder.startsWith('connectors/')) faults.push(...ofConnector(checkout, folder, manifest))
    return faults.map((fault) => `${folder}: ${fault}`)
  })
}

function* ofEvery(checkout: string, folder: string, manifest: PackageManifest): Generator<string> {
  if (!manifest.name.startsWith('@bulkhead/')) yield `its name ${manifest.name} is not in @bulkhead`
  if (!/^\d+\.\d+\.\d+$/.test(manifest.version ?? '')) yield 'it has no version'
  if ((manifest.description ?? '').length < 10) yield 'it has no description'
  if (manifest.license !== 'Apache-2.0') yield 'its licence is not Apache-2.0'
  if (manifest.type !== 'module') yield 'its type is not module'
  if (manifest.engines?.['node'] !== '>=24.6') yield 'its engines do not say node >=24.6'
  if (!manifest.files?.includes('dist')) yield 'its files do not hold dist'
  if (!manifest.files?.includes('!dist/.tsbuildinfo')) yield 'its files hold what tsc keeps for itself'
  if (manifest.files?.some((file) => file.startsWith('src')))
    yield 'it publishes its sources, which Node refuses to run there'
  for (const [path, targets] of Object.entries(manifest.exports ?? {}))
    yield* ofExport(checkout, folder, path, targets)
  if (manifest.exports === undefined) yield 'it has no exports'
  for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
    const expected = name.startsWith('@bulkhead/') ? /^\^\d/ : /^\d/
    if (!expected.test(range)) yield `it depends on ${name} ${range}: others' packages exactly, ours by ^`
  }
}

function* ofExport(checkout: string, folder: string, path: string, targets: unknown): Generator<string> {
  if (typeof targets === 'string') {
    if (!existsSync(join(checkout, folder, targets))) yield `exports ${path}, and ${targets} is not there`
    return
  }
  const conditions = Object.entries(targets as Record<string, string>)
  const names = conditions.map(([name]) => name).join(', ')
  if (names !== `${sourceCondition}, types, default`) {
    yield `exports ${path} under ${names}: it has to be ${sourceCondition}, types, default, in this order`
    return
  }
  const [source = '', types = '', file = ''] = conditions.map(([, target]) => target)
  if (!source.includes('*') && !existsSync(join(checkout, folder, source)))
    yield `exports ${path}, and ${source} is not there`
  const stem = source.replace(/^\.\/src\//, '').replace(/\.ts$/, '')
  if (types !== `./dist/${stem}.d.ts` || file !== `./dist/${stem}.js`) {
    yield `exports ${path} from ${source} in development, and something else when built`
  }
}

function* ofConnector(checkout: string, folder: string, manifest: PackageManifest): Generator<string> {
  const ours = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter((name) =>
    name.startsWith('@bulkhead/'),
  )
  if (ours.join() !== '@bulkhead/connector-sdk')
    yield `it depends on ${ours.join(', ') || 'nothing of ours'}: the SDK and no more`
  if (manifest.peerDependencies?.['@bulkhead/connector-sdk'] === undefined)
    yield 'the SDK is not its peer dependency'
  for (const file of ['connector.json', 'README.md', 'CHANGELOG.md']) {
    if (!existsSync(join(checkout, folder, file))) yield `${file} is missing`
  }
  if (!manifest.files?.includes('connector.json')) yield 'its files do not hold connector.json'
  const { name, version } = describedIn(checkout, folder)
  if (name !== undefined && name !== folder.split('/')[1]) yield `connector.json is of ${name}`
  if (version !== undefined && version !== manifest.version) yield `connector.json is of version ${version}`
}

function describedIn(checkout: string, folder: string): { name?: string; version?: string } {
  const path = join(checkout, folder, 'connector.json')
  return existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string })
    : {}
}
