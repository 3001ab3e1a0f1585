import { once } from 'node:events'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib'
import { failure, fromSystem, systemCode } from '../errors.ts'

export const compressions = ['none', 'gzip', 'zstd', 'zip'] as const
export type Compression = (typeof compressions)[number]

/** How a file is compressed by its ending. */
export function compressionOf(name: string): Compression {
  const lower = name.toLowerCase()
  if (lower.endsWith('.gz')) return 'gzip'
  if (lower.endsWith('.zst')) return 'zstd'
  return lower.endsWith('.zip') ? 'zip' : 'none'
}

/** Bytes read from the disk, and unpacked, at once. */
const READ_BYTES = 256 * 1024

const unpackers = {
  gzip: (): Unpacker => createGunzip({ chunkSize: READ_BYTES }),
  zstd: (): Unpacker => createZstdDecompress({ chunkSize: READ_BYTES }),
}

/** The bytes of a file, unpacked. Closes the file when the reader leaves. */
export async function* readFileBytes(
  { name, path }: { readonly name: string; readonly path: string },
  compression: Exclude<Compression, 'zip'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const bytes = readAll(path, name, signal)
  if (compression === 'none') yield* bytes
  else yield* unpack(bytes, unpackers[compression], name, signal)
}

async function* readAll(path: string, name: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    // Never through a link, and without waiting for the writer of a pipe that took the file's place.
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if (!(await file.stat()).isFile()) throw changed(name, undefined)
    for (;;) {
      signal.throwIfAborted()
      // A buffer of its own each time: the unpacker, and who reads, may hold one meanwhile.
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } catch (error) {
    signal.throwIfAborted()
    if (['ELOOP', 'ENOENT', 'ENOTDIR', 'ENXIO'].includes(systemCode(error))) throw changed(name, error)
    throw fromSystem(error, `Cannot read ${name}`)
  }
}

function changed(name: string, cause: unknown): Error {
  return failure('file-records-changed', `${name} changed while it was read`, { cause })
}

/**
 * A reader of what is unpacked pulls; the writer beside it waits while nobody does. Node's decompressor of zstd ends
 * with the frame in whose chunk more follows: that goes to another one.
 */
async function* unpack(
  bytes: AsyncGenerator<Uint8Array>,
  openUnpacker: () => Unpacker,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array | undefined
  try {
    do {
      const unpacker = openUnpacker()
      const feeding = feed(unpacker, bytes, rest).then(
        (left) => ({ left, failed: undefined }),
        (failed: unknown) => {
          unpacker.destroy()
          return { left: undefined, failed: failed ?? new Error('unknown') }
        },
      )
      let broke: unknown
      try {
        yield* unpacker as AsyncIterable<Uint8Array>
      } catch (error) {
        broke = error
      } finally {
        unpacker.destroy()
      }
      const { left, failed } = await feeding
      signal.throwIfAborted()
      if (failed !== undefined) throw fromSystem(failed, `Cannot read ${name}`)
      if (broke !== undefined) throw broken(name, broke)
      rest = left
    } while (rest !== undefined)
  } finally {
    await bytes.return(undefined)
  }
}

type Unpacker = Gunzip | ZstdDecompress

/** Writes until there is no more. @returns what the decompressor did not take, because a frame ended before it */
async function feed(
  unpacker: Unpacker,
  bytes: AsyncGenerator<Uint8Array>,
  first: Uint8Array | undefined,
): Promise<Uint8Array | undefined> {
  let chunk = first ?? (await nextOf(bytes))
  for (; chunk !== undefined; chunk = await nextOf(bytes)) {
    const before = unpacker.bytesWritten
    await written(unpacker, chunk)
    const left = chunk.subarray(unpacker.bytesWritten - before)
    if (left.length > 0 || unpacker.destroyed) return left.length > 0 ? left : undefined
  }
  unpacker.end()
  return undefined
}

async function nextOf(bytes: AsyncGenerator<Uint8Array>): Promise<Uint8Array | undefined> {
  const { value, done } = await bytes.next()
  return done === true ? undefined : value
}

/** Resolves when the decompressor took what it takes of the bytes. */
async function written(unpacker: Unpacker, chunk: Uint8Array): Promise<void> {
  const settled = new AbortController()
  const { signal } = settled
  const taken = new Promise<void>((resolve) => {
    unpacker.write(chunk, () => resolve())
  })
  // One that ended, or is destroyed, need not call back.
  const gone = ['end', 'close'].map((event) => once(unpacker, event, { signal }).catch(() => undefined))
  await Promise.race([taken, ...gone])
  settled.abort()
}

function broken(name: string, cause: unknown): Error {
  const reason = /unexpected end/.test((cause as Error | undefined)?.message ?? '')
    ? 'ends in the middle'
    : 'cannot be unpacked'
  return failure('file-records-compression-broken', `${name} ${reason}`, { path: 'query.path', cause })
}

/**
 * Passes bytes on, up to a limit: what was made to unpack to no end ends here.
 * @throws `file-records-too-large`
 */
export async function* atMost(
  bytes: AsyncIterable<Uint8Array>,
  limit: number,
  name: string,
): AsyncGenerator<Uint8Array> {
  let length = 0
  for await (const chunk of bytes) {
    length += chunk.length
    if (length > limit) {
      throw failure('file-records-too-large', `${name} is larger than ${limit} bytes`, { path: 'query.path' })
    }
    yield chunk
  }
}
