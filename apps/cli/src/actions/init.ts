import { basename, resolve } from 'node:path'
import { fault, name as nameSchema } from '@bulkhead/contract'
import { lockFileName, lockOf, writeLock } from '@bulkhead/engine/application/lock'
import { readApplication } from '@bulkhead/engine/application/read-application'
import type { Answer } from '../terminal/answer.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { installedCatalog } from './installed.ts'
import { copyTemplate } from './template.ts'

/**
 * Makes an application to start from.
 * @throws BulkheadError `usage` when the folder holds something, or its name is no name of an application
 */
export async function init(target: string, terminal: Terminal): Promise<Answer> {
  const root = resolve(terminal.folder, target)
  const name = nameOf(basename(root))
  const files = await copyTemplate('application', root, { APPLICATION_NAME: name })
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
