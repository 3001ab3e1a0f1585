import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { join, posix, sep } from 'node:path'
import { BulkheadError, type ErrorDetails } from '@bulkhead/connector-sdk'
import { fault, faultDetails } from '@bulkhead/contract'
import type { ApplicationFile } from './application.ts'

/** Most bytes of one file that a manifest names. */
const applicationFileBytes = 4 * 1024 * 1024

/**
 * The path of a file as the manifest names it, without `./`.
 * @throws BulkheadError `file-outside-application` for what is absolute, climbs out, or is no plain path
 */
export function applicationPath(named: string): string {
  const path = posix.normalize(named)
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const isPlain = !/[\\\u0000-\u001f\u007f]/.test(named) && !/^[A-Za-z]:/.test(named)
  if (
    !isPlain ||
    posix.isAbsolute(path) ||
    path === '.' ||
    path.split('/').includes('..') ||
    path.endsWith('/')
  )
    throw fault('file-outside-application', 'The file is not a path within the folder of the application')
  return path
}

/**
 * Reads a file of an application. A symbolic link is followed only within the folder.
 * @throws BulkheadError `file-not-found`, `file-outside-application`, `manifest-unreadable` when it is too large
 */
export async function readApplicationFile(folder: string, named: string): Promise<ApplicationFile> {
  const path = applicationPath(named)
  const full = join(folder, path)
  let bytes: Uint8Array
  try {
    const real = await realpath(full)
    if (!real.startsWith((await realpath(folder)) + sep))
      throw fault(
        'file-outside-application',
        `The file ${path} is a link out of the folder of the application`,
      )
    bytes = await readBounded(real, path)
  } catch (cause) {
    if (cause instanceof BulkheadError) throw cause
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw fault('file-not-found', `The application has no file ${path}`, { cause })
    throw fault('manifest-unreadable', `The file ${path} cannot be read: ${code ?? 'unknown'}`, {
      fix: 'Make it a readable file',
      cause,
    })
  }
  return { path, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** A fault of a file as data, at a path of the manifest. */
export function fileFault(error: unknown, path: string): ErrorDetails {
  if (!(error instanceof BulkheadError)) throw error
  const { message, fix } = error
  const code = error.code as 'file-not-found' | 'file-outside-application' | 'manifest-unreadable'
  return faultDetails(code, message, fix === undefined ? { path } : { path, fix })
}

async function readBounded(real: string, path: string): Promise<Uint8Array> {
  // Not to wait for a writer when it is a FIFO.
  await using file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK)
  const stat = await file.stat()
  if (!stat.isFile()) throw fault('manifest-unreadable', `${path} is not a file`, { fix: 'Name a file' })
  if (stat.size > applicationFileBytes)
    throw fault(
      'manifest-unreadable',
      `The file ${path} is larger than ${applicationFileBytes / 1024 / 1024} MiB`,
      {
        fix: 'Make it smaller; data belongs into a store, not into an application',
      },
    )
  return file.readFile()
}
