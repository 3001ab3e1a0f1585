import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { compressionsAlgorithms } from '@platformatic/kafka'
import { fault } from '@bulkhead/contract'

/** Most bytes that a batch of records may have when it is unpacked: a producer fits gigabytes into one megabyte (I8). */
const mostBytes = 64 * 1024 * 1024

type Packed = Parameters<typeof compressionsAlgorithms.gzip.decompressSync>[0]

/**
 * From now on the Kafka client of this process unpacks no more than that: whoever writes to the topic of one application must not
 * take the memory of the server (I7).
 */
export function boundBatches(): void {
  const { gzip, zstd, lz4, snappy } = compressionsAlgorithms
  const bytesOf = (packed: Packed): Buffer => (Buffer.isBuffer(packed) ? packed : packed.buffer)
  Object.assign(gzip, {
    decompressSync: (packed: Packed) =>
      bounded(() => gunzipSync(bytesOf(packed), { maxOutputLength: mostBytes })),
  })
  Object.assign(zstd, {
    decompressSync: (packed: Packed) =>
      bounded(() => zstdDecompressSync(bytesOf(packed), { maxOutputLength: mostBytes })),
  })
  // these two know no bound, and their formats say beforehand what they come to
  for (const [algorithm, sizeOf] of [
    [lz4, lz4Bytes],
    [snappy, snappyBytes],
  ] as const) {
    const { decompressSync } = algorithm
    Object.assign(algorithm, {
      decompressSync(packed: Packed) {
        const bytes = bytesOf(packed)
        if (sizeOf(bytes) > mostBytes) throw tooLarge()
        return decompressSync(bytes)
      },
    })
  }
}

function bounded(unpack: () => Buffer): Buffer {
  try {
    return unpack()
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : error
  }
}

function tooLarge(): Error {
  return fault(
    'batch-too-large',
    `A batch of records is larger than ${mostBytes / 1024 / 1024} MiB when it is unpacked`,
  )
}

/** At most: every block as large as its frame allows. @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md */
function lz4Bytes(packed: Buffer): number {
  const flags = packed.readUInt8(4)
  const blockBytes = 2 ** (8 + 2 * ((packed.readUInt8(5) >> 4) & 7))
  const checksumBytes = (flags & 0x10) === 0 ? 0 : 4
  let at = 7 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4)
  let bytes = 0
  while (at + 4 <= packed.length) {
    const size = packed.readUInt32LE(at)
    if (size === 0) break
    at += 4 + (size & 0x7fffffff) + checksumBytes
    bytes += blockBytes
  }
  return bytes
}

const xerialHeaderBytes = 16

/** As it says itself, in pieces as Java writes them too. @see https://github.com/google/snappy/blob/main/format_description.txt */
function snappyBytes(packed: Buffer): number {
  if (!packed.subarray(1, 7).equals(Buffer.from('SNAPPY'))) return varint(packed)
  let bytes = 0
  for (let at = xerialHeaderBytes; at + 4 <= packed.length;) {
    const size = packed.readUInt32BE(at)
    bytes += varint(packed.subarray(at + 4, at + 4 + size))
    at += 4 + size
  }
  return bytes
}

function varint(bytes: Buffer): number {
  let value = 0
  for (const [index, byte] of bytes.subarray(0, 5).entries()) {
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) break
  }
  return value
}
