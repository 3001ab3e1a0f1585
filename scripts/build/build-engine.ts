/** A build of the runner in a folder of its own, for `engines/NAME` of a server that has another one. */
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundlesOf, writeBundle } from './bundle.ts'

const parts = ['apps/runner', 'packages/connector-sdk']

interface Manifest {
  readonly name: string
  version: string
  readonly exports: Record<string, Record<string, string>>
}

/**
 * Writes the runner and the SDK as they are in the checkout; packages of others are linked from there.
 * @param folder  empty, or not there
 * @param version  that the build shall have; default: that of the checkout
 */
export async function buildEngine(root: string, folder: string, version?: string): Promise<void> {
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, '@bulkhead'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!name.startsWith('.') && name !== '@bulkhead')
      await symlink(join(root, 'node_modules', name), join(modules, name))
  for (const part of parts) {
    const bundle = bundlesOf(root).find((one) => one.folder === part)
    if (bundle === undefined) throw new Error(`${part} is not built as a bundle`)
    const manifest = JSON.parse(await readFile(join(root, part, 'package.json'), 'utf8')) as Manifest
    const target = join(modules, manifest.name)
    await mkdir(target)
    await writeBundle(root, bundle, target)
    if (part === 'apps/runner') manifest.version = version ?? manifest.version
    // there are none
    for (const conditions of Object.values(manifest.exports)) delete conditions['@bulkhead/source']
    await writeFile(join(target, 'package.json'), JSON.stringify(manifest, undefined, 2))
    const nested = join(root, part, 'node_modules')
    if (existsSync(nested)) await symlink(nested, join(target, 'node_modules'))
  }
}
