import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockFileName, lockOf } from '@bulkhead/engine/application/lock'
import { readApplication } from '@bulkhead/engine/application/read-application'
import { catalogOf } from '@bulkhead/engine/catalog/catalog-of'
import type { Catalog } from '@bulkhead/engine/catalog/catalog'
import { packageIntegrity } from '@bulkhead/engine/catalog/integrity'
import { describeConnectors, type DescribedConnector } from './connector-manifests.ts'
import { kitTable, readKitRecord } from './kit-table.ts'
import { fieldTable, fillBetween } from './markdown.ts'
import { referencePages } from './reference.ts'
import { publishedSchemas } from './schemas.ts'

/** Every generated file of the checkout, by its path, with what it has to hold. */
export async function generatedFiles(root: string): Promise<ReadonlyMap<string, string>> {
  const connectors = await describeConnectors(root)
  const files = new Map<string, string>()
  for (const { folder, manifest } of connectors) {
    files.set(`${folder}/connector.json`, json(manifest))
    const readme = `${folder}/README.md`
    if (!existsSync(join(root, readme))) continue
    const page = readFileSync(join(root, readme), 'utf8')
    const withSettings = fillBetween(page, 'settings', fieldTable(manifest.config), readme)
    const kit = readKitRecord(join(root, folder))
    files.set(
      readme,
      kit === undefined ? withSettings : fillBetween(withSettings, 'kit', kitTable(kit), readme),
    )
  }
  for (const [name, schema] of Object.entries(publishedSchemas()))
    files.set(`packages/contract/schemas/${name}`, json(schema))
  for (const [name, text] of Object.entries(referencePages(connectors)))
    files.set(`docs/reference/${name}`, text)
  const catalog = catalogFrom(root, connectors, files)
  for (const folder of applicationFolders(root)) {
    const application = await readApplication(join(root, folder), {
      environment: firstEnvironment(join(root, folder)),
      variables: anyVariable,
    })
    files.set(`${folder}/${lockFileName}`, json(lockOf(application, catalog)))
  }
  return files
}

/** The connectors as they will be once the files are written, so that one run makes everything. */
function catalogFrom(
  root: string,
  connectors: readonly DescribedConnector[],
  files: ReadonlyMap<string, string>,
): Catalog {
  return catalogOf(
    connectors.map(({ folder, manifest }) => ({
      name: manifest.name,
      version: manifest.version,
      folder: join(root, folder),
      manifest,
      integrity: () =>
        packageIntegrity(join(root, folder), {
          'connector.json': files.get(`${folder}/connector.json`) ?? '',
        }),
    })),
  )
}

function applicationFolders(root: string): string[] {
  const examples = join(root, 'examples')
  if (!existsSync(examples)) return []
  return readdirSync(examples, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(^|\/)application\.yaml$/.test(file) && !file.includes('node_modules'))
    .map((file) => join('examples', file, '..'))
    .toSorted()
}

/** A lock does not depend on what a variable holds. */
const anyVariable = new Proxy<Record<string, string>>(
  {},
  {
    get: () => 'any',
    getOwnPropertyDescriptor: () => ({ value: 'any', enumerable: true, configurable: true }),
  },
)

/** One that lists the variables which the application reads. */
function firstEnvironment(folder: string): string | undefined {
  const environments = join(folder, 'environments')
  if (!existsSync(environments)) return undefined
  const [first] = readdirSync(environments)
    .filter((file) => file.endsWith('.yaml'))
    .toSorted()
  return first?.slice(0, -'.yaml'.length)
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
