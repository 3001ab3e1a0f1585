import { constants, open } from 'node:fs/promises'
import { isBulkheadError, type SmallObject } from '@bulkhead/connector-sdk'
import { fromSystem, systemCode } from './errors.ts'
import { objectPath, type WrittenFolder } from './folder.ts'
import { createUpload } from './upload.ts'

/**
 * As any object it is written beside and then given its name by a hard link, which fails when the name is taken:
 * one of all who try succeeds, and nobody sees half of it.
 */
export async function createIfAbsent(
  folder: WrittenFolder,
  { bytes, ...object }: SmallObject,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const upload = await createUpload(folder, { ...object, maxBytes: bytes.length })
    try {
      if (bytes.length > 0) await upload.writePart(1, bytes, signal)
      await upload.complete(signal)
      return true
    } catch (error) {
      await upload.abort()
      throw error
    }
  } catch (error) {
    if (isBulkheadError(error) && error.code === 'files-object-exists') return false
    throw error
  }
}

export async function readStart(
  root: string,
  key: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  try {
    await using file = await open(objectPath(root, key), constants.O_RDONLY | constants.O_NOFOLLOW)
    const bytes = Buffer.alloc(Math.min(maxBytes, (await file.stat()).size))
    let length = 0
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return bytes.subarray(0, length)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return undefined
    throw fromSystem(error, `Cannot read ${key}`, 'read')
  }
}
