import { chmod, mkdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'

/**
 * Where this user's Bulkhead keeps what outlives a run: the key of links, the folders they serve.
 * @see XDG Base Directory Specification: a relative `XDG_STATE_HOME` is invalid and ignored
 */
export function stateFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const base = environment['XDG_STATE_HOME'] ?? ''
  return isAbsolute(base) ? join(base, 'bulkhead') : join(homedir(), '.local', 'state', 'bulkhead')
}

/**
 * Makes a folder inside the state folder (or the state folder itself) that its owner alone can enter.
 * @throws BulkheadError `state-folder-unusable`
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await requireOwn(folder)
    // it may be older than this rule, or made under another umask
    await chmod(folder, 0o700)
  } catch (error) {
    throw unusable(folder, error)
  }
}

/**
 * Refuses a file or folder that someone else owns or that others can read: what is in it would not be
 * a secret.
 * @throws BulkheadError `state-folder-unusable`
 */
export async function requirePrivate(path: string): Promise<void> {
  const { mode } = await requireOwn(path)
  if ((mode & 0o077) === 0) return
  throw fault('state-folder-unusable', `Other users can read ${path}`, { fix: `Run chmod go-rwx ${path}` })
}

/** An error of the file system, as one that says what to do. */
export function unusable(path: string, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code
  if (code === undefined || isBulkheadError(error)) return error as Error
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return fault('disk-full', `No space is left for ${path}`, { cause: error })
  }
  return fault('state-folder-unusable', `${path} cannot be used (${code})`, { cause: error })
}

async function requireOwn(path: string): Promise<{ readonly mode: number }> {
  const { uid, mode } = await stat(path)
  const own = process.getuid?.()
  if (own === undefined || uid === own) return { mode }
  throw fault('state-folder-unusable', `${path} belongs to another user`)
}
