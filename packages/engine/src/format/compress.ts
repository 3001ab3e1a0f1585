import type { Transform } from 'node:stream'
import { constants, createGzip, createZstdCompress } from 'node:zlib'
import { fault } from '@bulkhead/contract'
import type { ByteStage } from './byte-stage.ts'
import { startPump } from './pump.ts'

export type Compression = 'none' | 'gzip' | 'zstd'

/** Level 1 costs a third of the default and compresses almost as well (performance figures in the docs). */
const defaultLevel = 1

/** The highest level by compression; zstd above 19 needs more memory than common readers allow themselves. */
const highestLevel = { gzip: 9, zstd: 19 } as const

/**
 * A stage that compresses into the next: one gzip member or one zstd frame, because readers of Node
 * and browsers stop after the first. Compression runs beside the caller, one piece ahead of it.
 *
 * @throws BulkheadError `output-unsupported` for a level that the compression does not have
 */
export function compressInto(
  next: ByteStage,
  compression: Compression,
  level: number = defaultLevel,
): ByteStage {
  if (compression === 'none') return next
  if (!Number.isInteger(level) || level < 1 || level > highestLevel[compression]) {
    throw fault('output-unsupported', `${compression} has no level ${level}`, {
      path: 'output.compressionLevel',
      fix: `Give a level from 1 to ${highestLevel[compression]}`,
    })
  }
  return streamStage(compression === 'gzip' ? gzip(level) : zstd(level), next)
}

const chunkSize = 64 * 1024

function gzip(level: number): Transform {
  return createGzip({ level, chunkSize })
}

function zstd(level: number): Transform {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 }
  return createZstdCompress({ chunkSize, params })
}

const pieceBytes = 256 * 1024

/** Drives one of Node's streams, with one piece in it while the next is being made. */
function streamStage(stream: Transform, next: ByteStage): ByteStage {
  // Two buffers: a piece is copied into one while the stream still reads the other.
  const buffers = [Buffer.alloc(pieceBytes), Buffer.alloc(pieceBytes)]
  let turn = 0
  let taken: Promise<void> = Promise.resolve()
  const pump = startPump(async () => stream as AsyncIterable<Uint8Array>, next)

  async function push(piece: Uint8Array): Promise<void> {
    const buffer = buffers[turn]!
    turn = 1 - turn
    buffer.set(piece)
    await pump.until(taken)
    taken = new Promise((resolve, reject) => {
      stream.write(buffer.subarray(0, piece.length), (error) => (error ? reject(error) : resolve()))
    })
    // The next push or `end` hears of it.
    taken.catch(() => {})
  }

  return {
    async write(bytes) {
      for (let from = 0; from < bytes.length; from += pieceBytes) {
        await push(bytes.subarray(from, from + pieceBytes))
      }
    },
    async end() {
      await pump.until(taken)
      stream.end()
      await pump.done
      await next.end()
    },
    abort() {
      stream.destroy()
      next.abort()
    },
  }
}
