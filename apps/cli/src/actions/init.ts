import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fault, name as nameSchema } from '@bulkhead/contract'
import { lockFileName, lockOf, writeLock } from '@bulkhead/engine/application/lock'
import { readApplication } from '@bulkhead/engine/application/read-application'
import type { Answer } from '../terminal/answer.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { installedCatalog } from './installed.ts'

const template = new URL('../templates/application/', import.meta.resolve('@bulkhead/cli'))
/** Stored under names that npm and a compiler leave alone. */
const renamed: Readonly<Record<string, string>> = { gitignore: '.gitignore', 'sale.ts.template': 'sale.ts' }

/**
 * Makes an application to start from.
 * @throws BulkheadError `usage` when the folder holds something, or its name is no name of an application
 */
export async function init(target: string, terminal: Terminal): Promise<Answer> {
  const root = resolve(terminal.folder, target)
  const name = nameOf(basename(root))
  await refuseOccupied(root, target)
  const files: string[] = []
  for (const entry of await readdir(template, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const source = join(entry.parentPath, entry.name)
    const path = join(relative(template.pathname, entry.parentPath), renamed[entry.name] ?? entry.name)
    const text = (await readFile(source, 'utf8')).replaceAll('APPLICATION_NAME', name)
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text, { flag: 'wx' })
    files.push(path)
  }
  const application = await readApplication(root, { variables: {} })
  await writeLock(root, lockOf(application, await installedCatalog()))
  files.push(lockFileName)
  const next = [
    `bulkhead test ${target}`,
    `bulkhead plan ${target} -p year=2026`,
    `bulkhead run --application ${target} --job sales -p year=2026`,
  ]
  return {
    value: { application: name, folder: root, files: files.toSorted(), next },
    text: (style) =>
      [
        `${style.good('✓')} ${style.bold(name)} is in ${target}`,
        ...files.toSorted().map((file) => `  ${file}`),
        '',
        'What to try next',
        ...next.map((command) => `  ${style.name(command)}`),
      ].join('\n'),
  }
}

function nameOf(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-|-$/g, '')
  if (nameSchema.safeParse(name).success) return name
  throw fault('usage', 'The name of the folder is no name of an application', {
    path: 'folder',
    fix: 'Use lower-case letters, digits and hyphens',
  })
}

async function refuseOccupied(root: string, target: string): Promise<void> {
  const found = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw fault('usage', `${target} is no folder`, { path: 'folder', fix: 'Name a new folder', cause: error })
  })
  if (found.length > 0)
    throw fault('usage', `The folder ${target} is not empty`, {
      path: 'folder',
      fix: 'Name a new folder: nothing is overwritten',
    })
}
