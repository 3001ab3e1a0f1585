import { realpath, rename, rmdir, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BulkheadError, type NewObject, type StoredObject, type Upload } from '@bulkhead/connector-sdk'
import { isInside } from '@bulkhead/connector-sdk/local-files'
import { failure, fromSystem, systemCode } from './errors.ts'
import { FlushAhead } from './flush-ahead.ts'
import { objectPath, type WrittenFolder } from './folder.ts'
import { createPartFile, removePartsFolder, type PartFile } from './part-files.ts'
import { syncFolder } from './sync-folder.ts'

/** One part: large enough for the disk, small enough that several in flight stay cheap (I8). */
const PART_BYTES = 4 * 1024 * 1024
const IN_FLIGHT = 2
/** Bytes between two looks at the signal. */
const WRITE_BYTES = 1024 * 1024

/**
 * Begins an object: its bytes go to a part file, and `complete` gives that file the object's name.
 * @param shared  the folder of part files is there, and stays for other objects
 */
export async function createUpload(
  folder: WrittenFolder,
  object: NewObject,
  shared = false,
): Promise<Upload> {
  const { root } = folder
  const target = objectPath(root, object.key)
  let part: Promise<PartFile> | undefined
  let ended = false
  let completing: Promise<void> | undefined
  const sizes = new Map<number, number>()
  const flushing = new FlushAhead()

  const opened = (): Promise<PartFile> => {
    if (ended) throw bug('The upload has ended')
    part ??= createPartFile(folder, object.key, shared)
    return part
  }

  return {
    partBytes: PART_BYTES,
    inFlight: IN_FLIGHT,

    async writePart(number, bytes, signal) {
      signal.throwIfAborted()
      if (!Number.isSafeInteger(number) || number < 1) throw bug(`There is no part ${number}`)
      if (bytes.length > PART_BYTES) throw bug(`Part ${number} is larger than a part`)
      try {
        // a large object is not written for nothing; in the end its name is given to nobody twice
        if (number === 2 && (await exists(folder, target))) throw taken(object.key)
        const { handle } = await opened()
        await writeAt(handle, bytes, (number - 1) * PART_BYTES, signal)
        sizes.set(number, bytes.length)
        flushing.wrote(handle, bytes.length)
      } catch (error) {
        if (signal.aborted) throw signal.reason
        throw fromSystem(error, `Cannot write ${object.key}`, 'write')
      }
    },

    async complete(signal) {
      signal.throwIfAborted()
      const bytes = totalBytes(sizes)
      try {
        const { path, handle } = await opened()
        await flushing.settled()
        await handle.sync()
        await handle.close()
        signal.throwIfAborted()
        if (ended) throw bug('The upload has ended')
        completing = publish(folder, path, target)
        await completing
      } catch (error) {
        if (signal.aborted) throw signal.reason
        if (ended) throw bug('The upload was aborted')
        if (systemCode(error) === 'EEXIST') throw taken(object.key, error)
        throw fromSystem(error, `Cannot complete ${object.key}`, 'write')
      }
      // `abort` waits for this call, and removes what it made visible.
      if (ended) throw bug('The upload was aborted')
      ended = true
      if (!shared) await removePartsFolder(root)
      return { key: object.key, location: pathToFileURL(target).href, bytes }
    },

    async abort() {
      if (ended) return
      ended = true
      if (part === undefined) return
      try {
        const isVisible = await completing?.then(
          () => true,
          () => false,
        )
        if (isVisible === true) await removeObject(folder, { key: object.key })
        const { path, handle } = await part
        await handle.close().catch(() => undefined)
        await unlink(path)
      } catch {
        // The sweep of a later run removes what could not be removed now.
      }
      if (!shared) await removePartsFolder(root)
    },
  }
}

async function writeAt(
  handle: PartFile['handle'],
  bytes: Uint8Array,
  offset: number,
  signal: AbortSignal,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    signal.throwIfAborted()
    const length = Math.min(WRITE_BYTES, bytes.length - done)
    done += (await handle.write(bytes, done, length, offset + done)).bytesWritten
  }
}

/** Size of the object; every part must be there, and only the last may be short. */
function totalBytes(sizes: ReadonlyMap<number, number>): number {
  let bytes = 0
  for (let number = 1; number <= sizes.size; number++) {
    const size = sizes.get(number)
    if (size === undefined) throw bug(`Part ${number} is missing`)
    if (size < PART_BYTES && number < sizes.size) throw bug(`Part ${number} is short, and not the last`)
    bytes += size
  }
  return bytes
}

/**
 * Gives the file its name, at once and without overwriting (I5). A hard link fails when the name is
 * taken, where a rename would replace the other file.
 */
async function publish(folder: WrittenFolder, path: string, target: string): Promise<void> {
  const { disk } = folder
  const made = await makeParents(folder, dirname(target))
  let named = false
  try {
    await linkOrRename(folder, path, target)
    named = true
    // The names are on disk too: of the file, and of each folder that was made for it.
    const folders = new Set([dirname(target), ...made.map((each) => dirname(each))])
    await Promise.all([...folders].map((each) => syncFolder(disk, each)))
    await disk.unlink(path).catch(() => undefined) // A second name of the same file, or already renamed.
  } catch (error) {
    if (named) await unlink(target).catch(() => undefined)
    for (const each of made.toReversed()) await rmdir(each).catch(() => undefined)
    throw error
  }
}

async function linkOrRename(folder: WrittenFolder, path: string, target: string): Promise<void> {
  try {
    await folder.disk.link(path, target)
  } catch (error) {
    // File systems without hard links (FAT, some network shares): look, then rename.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(systemCode(error))) throw error
    if (await exists(folder, target)) throw Object.assign(new Error('exists'), { code: 'EEXIST' })
    await rename(path, target)
  }
}

async function exists({ disk }: WrittenFolder, path: string): Promise<boolean> {
  try {
    await disk.stat(path)
    return true
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return false
    throw error
  }
}

/** @returns the folders that were made, outermost first */
async function makeParents({ root, disk }: WrittenFolder, folder: string): Promise<string[]> {
  const first = await disk.mkdir(folder, { recursive: true })
  // where all below the root was made now, no link can be on the way
  const real = first !== undefined && dirname(first) === root ? folder : await disk.realpath(folder)
  if (real !== root && !isInside(root, real)) {
    throw failure('files-outside-folder', `${folder} is a link that leads out of the folder`)
  }
  const made: string[] = []
  for (let at = folder; first !== undefined && at.length >= first.length; at = dirname(at)) made.unshift(at)
  return made
}

/** Removes an object, and the folder of its run when nothing else is in it. One that is gone is no error. */
export async function removeObject(
  { root, disk }: WrittenFolder,
  object: Pick<StoredObject, 'key'>,
): Promise<void> {
  const target = objectPath(root, object.key)
  try {
    const real = await realpath(dirname(target))
    if (real !== root && !isInside(root, real)) {
      throw failure('files-outside-folder', `${object.key} lies outside the folder`)
    }
    await unlink(join(real, basename(target)))
    await syncFolder(disk, real)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return
    throw fromSystem(error, `Cannot remove ${object.key}`, 'write')
  }
  for (let at = dirname(target); isInside(root, at); at = dirname(at)) {
    try {
      await rmdir(at)
    } catch {
      return
    }
  }
}

function taken(key: string, cause?: unknown): BulkheadError {
  return failure('files-object-exists', `There is a file ${key} already`, { cause })
}

function bug(message: string): BulkheadError {
  return new BulkheadError({ kind: 'bug', code: 'internal', message })
}
