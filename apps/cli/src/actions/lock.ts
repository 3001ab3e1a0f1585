import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { fault } from '@bulkhead/contract'
import { lockFileName, lockOf, writeLock } from '@bulkhead/engine/application/lock'
import { readApplication } from '@bulkhead/engine/application/read-application'
import type { Answer } from '../terminal/answer.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { installedCatalog } from './installed.ts'

/** Writes down the connectors that an application is made with, or holds the file against them. */
export async function lock(
  folder: string,
  options: { readonly check?: boolean },
  terminal: Terminal,
): Promise<Answer> {
  const root = resolve(terminal.folder, folder)
  const application = await readApplication(root, { variables: terminal.environment })
  const wanted = lockOf(application, await installedCatalog())
  const isCurrent = isDeepStrictEqual(application.lock, wanted)
  if (options.check === true && !isCurrent)
    throw fault('lock-stale', `${lockFileName} is not what is installed`, {
      path: lockFileName,
      fix: `Run bulkhead lock ${folder}, and commit the file`,
    })
  if (!isCurrent) await writeLock(root, wanted)
  return {
    value: { application: application.name, file: lockFileName, written: !isCurrent, ...wanted },
    text: () => `${lockFileName} ${isCurrent ? 'is up to date' : 'written'}`,
  }
}
