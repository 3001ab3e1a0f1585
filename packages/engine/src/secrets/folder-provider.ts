import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { BulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { largestSecretBytes, type SecretProvider } from './secret-provider.ts'
import { Secret } from './secret.ts'

/**
 * Secrets in files, `FOLDER/<application>/<name>`, such as mounted Kubernetes secrets.
 *
 * @param folder  undefined: there is none, which `absence` says
 * @param shown   how people call it
 */
export function folderProvider(folder: string | undefined, shown: string): SecretProvider {
  const place = (application: string, name: string): string => `${shown}/${application}/${name}`
  return {
    find: async (application, name) =>
      folder === undefined ? undefined : readSecretFile(folder, application, name, place(application, name)),
    absence(application, name) {
      const file = place(application, name)
      const missing =
        folder === undefined ? `${shown.replace(/^\$/, '')} is not set` : `the file ${file} is not there`
      return { missing, remedy: `create the file ${file}` }
    },
  }
}

async function readSecretFile(
  folder: string,
  application: string,
  name: string,
  shown: string,
): Promise<Secret | undefined> {
  const unreadable = (reason: string, fix: string, cause?: unknown): BulkheadError =>
    fault('secret-unreadable', `The secret file ${shown} ${reason}`, { fix, cause })

  let file: FileHandle
  try {
    const path = await confinedPath(folder, application, name)
    if (path === undefined)
      throw unreadable('leads out of the folder of its application', 'Put the file itself there, not a link')
    // a pipe that somebody put there must not stop the run
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (error instanceof BulkheadError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(
      `cannot be read (${code ?? 'unknown fault'})`,
      'Make it readable for the user that runs Bulkhead',
      error,
    )
  }
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw unreadable('is not a file', 'Put a plain file there')
    if ((stats.mode & 0o002) !== 0)
      throw unreadable('can be written by everyone', 'Take that right away: chmod o-w')
    if (stats.size > largestSecretBytes)
      throw unreadable(`is larger than ${largestSecretBytes} bytes`, 'Put the secret alone into the file')
    const value = decoded(await file.readFile())
    if (value === undefined) throw unreadable('is not UTF-8 text', 'Write the secret as text')
    if (value === '') throw unreadable('is empty', 'Write the secret into it')
    return new Secret(value)
  } finally {
    await file.close()
  }
}

/**
 * The file's real path when it lies in the real folder of the application. Links inside that folder
 * are followed, because mounted Kubernetes secrets are made of them.
 */
async function confinedPath(folder: string, application: string, name: string): Promise<string | undefined> {
  const root = await realpath(folder)
  const own = await realpath(join(root, application))
  const path = await realpath(join(own, name))
  return isInside(root, own) && basename(own) === application && isInside(own, path) ? path : undefined
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`)
}

/** Without the line end that editors add; undefined when it is not text. */
function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '')
  } catch {
    return undefined
  } finally {
    bytes.fill(0)
  }
}
