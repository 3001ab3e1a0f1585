import { constants, deflateRaw, zstdCompress } from 'node:zlib'
import { longWidth, writeInt } from './avro-binary.ts'
import type { ByteStage } from './byte-stage.ts'
import type { Compression } from './compress.ts'

/** Bytes of rows in a block, before compression: what a reader holds at once. A longer row is a block of its own. */
const blockBytes = 256 * 1024

/** Marks between blocks have 16 bytes. */
export const syncBytes = 16

/** Collects rows into blocks, each compressed by itself, while the next one is collected. */
export interface AvroBlocks {
  /** Takes whole rows; they may be used again when it resolves. */
  add(bytes: Uint8Array, rows: number): Promise<void>
  /** Hands on what is held back, and resolves when everything is in the stage. */
  end(): Promise<void>
}

/** Name of the codec in the header of a file, by the compression that was asked for. */
export const avroCodecs: Readonly<Record<Compression, string>> = {
  none: 'null',
  gzip: 'deflate',
  zstd: 'zstandard',
}

export function createAvroBlocks(
  stage: ByteStage,
  compression: Compression,
  level: number,
  sync: Uint8Array,
): AvroBlocks {
  // Two buffers (I8): one is filled while the other is compressed.
  const buffers = [new Uint8Array(blockBytes), new Uint8Array(blockBytes)]
  let turn = 0
  let used = 0
  let count = 0
  let written: Promise<void> = Promise.resolve()

  async function write(bytes: Uint8Array, rows: number): Promise<void> {
    const data = await compressed(bytes, compression, level)
    const head = new Uint8Array(2 * longWidth)
    await stage.write(head.subarray(0, writeInt(head, writeInt(head, 0, rows), data.length)))
    await stage.write(data)
    await stage.write(sync)
  }

  async function flush(bytes: Uint8Array, rows: number): Promise<void> {
    await written
    written = write(bytes, rows)
    // The next flush or `end` hears of it.
    written.catch(() => {})
  }

  async function flushCollected(): Promise<void> {
    if (count === 0) return
    const bytes = buffers[turn]!.subarray(0, used)
    const rows = count
    turn = 1 - turn
    used = 0
    count = 0
    await flush(bytes, rows)
  }

  return {
    async add(bytes, rows) {
      if (rows === 0) return
      if (used + bytes.length > blockBytes) await flushCollected()
      if (bytes.length > blockBytes) {
        await flush(bytes, rows)
        await written
        return
      }
      buffers[turn]!.set(bytes, used)
      used += bytes.length
      count += rows
    },
    async end() {
      await flushCollected()
      await written
    },
  }
}

async function compressed(bytes: Uint8Array, compression: Compression, level: number): Promise<Uint8Array> {
  if (compression === 'none') return bytes
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const done = (error: Error | null, result: Uint8Array): void => (error ? reject(error) : resolve(result))
  if (compression === 'gzip') deflateRaw(bytes, { level }, done)
  else zstdCompress(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }, done)
  return promise
}
