import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fault } from '@bulkhead/contract'

/**
 * Copies a template of this package into a new folder, where nothing is overwritten.
 *
 * @param words  what stands in place of words of the template
 * @returns paths of the files, in order
 * @throws BulkheadError `usage` when the folder holds something
 */
export async function copyTemplate(
  template: 'application' | 'connector',
  root: string,
  words: Readonly<Record<string, string>>,
): Promise<string[]> {
  await refuseOccupied(root)
  const from = fileURLToPath(new URL(`../templates/${template}/`, import.meta.resolve('@bulkhead/cli')))
  const files: string[] = []
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(relative(from, entry.parentPath), nameInUse(entry.name))
    let text = await readFile(join(entry.parentPath, entry.name), 'utf8')
    for (const [word, meant] of Object.entries(words)) text = text.replaceAll(word, meant)
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text, { flag: 'wx' })
    files.push(path)
  }
  return files.toSorted()
}

/** Templates are stored under names that npm and a compiler leave alone. */
function nameInUse(name: string): string {
  return name === 'gitignore' ? '.gitignore' : name.replace(/\.template$/, '')
}

async function refuseOccupied(root: string): Promise<void> {
  const found = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw fault('usage', `${root} is no folder`, { path: 'folder', fix: 'Name a new folder', cause: error })
  })
  if (found.length > 0)
    throw fault('usage', `The folder ${root} is not empty`, {
      path: 'folder',
      fix: 'Name a new folder: nothing is overwritten',
    })
}
