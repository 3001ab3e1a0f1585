import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * `sha256-…` over the files of a connector's package that decide its behaviour: package.json,
 * connector.json, and its code. The code is `src` where it is (a checkout), else `dist` (as published):
 * a checkout has the same integrity whether it was built or not. Its dependencies are the business of
 * the package manager's own lock.
 *
 * @param instead  text of files that are not written yet
 */
export function packageIntegrity(folder: string, instead: Readonly<Record<string, string>> = {}): string {
  const hash = createHash('sha256')
  for (const file of ['package.json', 'connector.json', ...codeFiles(folder)]) {
    const bytes = Object.hasOwn(instead, file)
      ? Buffer.from(instead[file] ?? '')
      : readFileSync(join(folder, file))
    hash.update(`${file}\0${bytes.length}\0`)
    hash.update(bytes)
  }
  return `sha256-${hash.digest('base64')}`
}

function codeFiles(folder: string): string[] {
  const code = ['src', 'dist'].find((name) => existsSync(join(folder, name)))
  if (code === undefined) return []
  return readdirSync(join(folder, code), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]s$|\.(json|wasm|node|sql)$/.test(entry.name))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((file) => !/\.test\.[cm]?[jt]s$/.test(file))
    .toSorted()
}
