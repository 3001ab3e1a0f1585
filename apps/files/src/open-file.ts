import { constants } from 'node:fs'
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { pathBelow } from '@bulkhead/engine/links/served-folder'

/** A file that is held open, so that what was checked is what is served. */
export interface OpenedFile {
  /** Under which this very file can be read, whatever happens to its name meanwhile. */
  readonly path: string
  /** Never throws: it was only read. */
  close(): Promise<void>
}

/**
 * Opens a plain file below a folder, both by their true places: a symbolic link may lead about inside
 * the folder, and not out of it (I7).
 *
 * @param path  below the folder, already verified to be plain
 * @returns     undefined when there is no such file, or it is somewhere else, or no plain file
 */
export async function openBelow(folder: string, path: string): Promise<OpenedFile | undefined> {
  let handle: FileHandle | undefined
  try {
    const root = await realpath(folder)
    const place = await realpath(join(root, path))
    if (pathBelow(root, place) === undefined) return undefined
    // a pipe would keep a thread waiting for its writer
    handle = await open(place, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    const held = await heldPath(handle, root, place)
    if (held === undefined || !(await handle.stat()).isFile()) {
      await handle.close()
      return undefined
    }
    const file = handle
    return { path: held, close: () => file.close().catch(() => undefined) }
  } catch (error) {
    await handle?.close()
    if (isAbsence(error)) return undefined
    throw error
  }
}

/**
 * On Linux the open file itself says where it is, so that nobody can put a link into its path between
 * the check and the opening. Elsewhere the place that was checked has to do.
 */
async function heldPath(handle: FileHandle, root: string, place: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return place
  const held = `/proc/self/fd/${handle.fd}`
  return pathBelow(root, await readlink(held)) === undefined ? undefined : held
}

function isAbsence(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'].includes(code)
}
