/** Which packages strangers get from a registry: the SDK and the connectors. The rest ships as one. */
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'

/** Their folders, relative to the checkout. */
export function publishedPackages(root: string): readonly string[] {
  const folders = ['packages/connector-sdk', ...globSync('connectors/*', { cwd: root })]
  return folders.filter((folder) => existsSync(join(root, folder, 'package.json'))).toSorted()
}
