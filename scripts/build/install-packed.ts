/** The packages as strangers get them: packed, unpacked below `node_modules`, no source and no development condition. */
import { execFile } from 'node:child_process'
import { existsSync, globSync, readdirSync } from 'node:fs'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Makes a project in an empty folder that has installed Bulkhead, built before; packages of others are linked
 * from the checkout.
 * @returns the command
 */
export async function installPacked(root: string, folder: string): Promise<string> {
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, '@bulkhead'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.') && name !== '@bulkhead')
      await symlink(join(root, 'node_modules', name), join(modules, name))
  }
  await run('npm', ['pack', '--workspaces', '--pack-destination', folder, '--silent'], { cwd: root })
  for (const manifest of globSync('{packages,apps,connectors}/*/package.json', { cwd: root })) {
    const { name, version } = JSON.parse(await readFile(join(root, manifest), 'utf8')) as {
      readonly name: string
      readonly version: string
    }
    const target = join(modules, name)
    await mkdir(target)
    const archive = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`
    await run('tar', ['-xzf', join(folder, archive), '-C', target, '--strip-components=1'])
    const nested = join(root, dirname(manifest), 'node_modules')
    if (existsSync(nested)) await symlink(nested, join(target, 'node_modules'))
  }
  return join(modules, '@bulkhead/cli/bin/bulkhead')
}

const run = promisify(execFile)
