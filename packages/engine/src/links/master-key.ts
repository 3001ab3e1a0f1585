import { randomBytes } from 'node:crypto'
import { link, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fault } from '@bulkhead/contract'
import { makePrivateFolder, requirePrivate, unusable } from './state-folder.ts'

/**
 * The key from which the link keys of all applications derive. Only the process that starts runs, and
 * the file server, open it; a runner gets the key of its application and never imports this file (I7).
 */
export interface MasterKey {
  readonly bytes: Uint8Array
}

const FILE = 'links.key'
const KEY_BYTES = 32

/**
 * Opens the master key of the state folder, and makes it when there is none: once, also when two
 * processes come first at the same time.
 *
 * @throws BulkheadError `state-folder-unusable`, `disk-full`
 */
export async function openMasterKey(stateFolder: string): Promise<MasterKey> {
  const path = join(stateFolder, FILE)
  return (await readKey(path)) ?? (await makeKey(stateFolder, path))
}

/** Undefined when there is no file. */
async function readKey(path: string): Promise<MasterKey | undefined> {
  try {
    const bytes = await readFile(path)
    await requirePrivate(path)
    if (bytes.length === KEY_BYTES) return { bytes }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusable(path, error)
  }
  throw fault('state-folder-unusable', `${path} is not a key`, {
    fix: `Remove ${path}; a new one is made, and links that were signed with the old one end`,
  })
}

/**
 * Writes the key beside its place and links it there: `link` fails when someone else was first, and a
 * reader never sees half a key.
 */
async function makeKey(stateFolder: string, path: string): Promise<MasterKey> {
  await makePrivateFolder(stateFolder)
  const own = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    const file = await open(own, 'wx', 0o600)
    try {
      await file.writeFile(randomBytes(KEY_BYTES))
      await file.sync()
    } finally {
      await file.close()
    }
    try {
      await link(own, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      await unlink(own)
    }
  } catch (error) {
    throw unusable(path, error)
  }
  const key = await readKey(path)
  if (key !== undefined) return key
  throw fault('state-folder-unusable', `${path} was removed while it was made`)
}
