import type { Batch, BytesBatch } from '@bulkhead/connector-sdk'
import type { ResultWriter } from './byte-stage.ts'
import { openResultFile, type ResultFile, type ResultFileOptions } from './result-file.ts'
import { unlimited, type Room } from './row-formatter.ts'

/** When the next file begins. */
export interface Split {
  /** Rows of a file. */
  readonly rows: number | undefined
  /**
   * Bytes of a file before compression and encryption, its header included; a single row that is longer
   * has a file to itself. What a limit means does not depend on the compression or on its timing, so the
   * same result is always cut at the same rows. What counts: see `Encoder.size`.
   */
  readonly bytes: number | undefined
}

export interface ResultFilesOptions<Finished> extends Omit<
  ResultFileOptions<Finished>,
  'writer' | 'firstRow'
> {
  readonly split: Split | undefined
  /**
   * Makes the object of the next file.
   * @param index  from 0
   * @param name   when files are copied: the name that the source gave
   */
  readonly open: (index: number, name: string | undefined) => Promise<ResultWriter<Finished>>
}

/** A file that is complete and visible. */
export interface FinishedFile<Finished> {
  readonly finished: Finished
  readonly rows: number | null
  readonly uncompressedBytes: number
}

/** The files of a result, one after the other. */
export interface ResultFiles<Finished> {
  /** Complete files so far. After a failure it is the caller who removes them. */
  readonly finished: readonly FinishedFile<Finished>[]
  /** Rows of all files so far; null when nobody counted them. */
  readonly rows: number | null
  /** Bytes of all files so far, before compression and encryption. */
  readonly uncompressedBytes: number
  /** Writes a batch, into as many files as it takes. It may be used again when this resolves. */
  write(batch: Batch): Promise<void>
  /** Completes the last file. An empty result is one file without rows. */
  finish(): Promise<readonly FinishedFile<Finished>[]>
  /** Gives up the file that is open. May be called at any time. */
  abort(): Promise<void>
}

/**
 * Writes a result into one file or several. The next file begins when a row finds no room in the one
 * before, or when a source that copies files names another one; so none is empty but that of an empty result.
 */
export function createResultFiles<Finished>(options: ResultFilesOptions<Finished>): ResultFiles<Finished> {
  const { split, open, ...fileOptions } = options
  const finished: FinishedFile<Finished>[] = []
  let finishedRows: number | null = 0
  let finishedBytes = 0
  let current: ResultFile<Finished> | undefined
  let writer: ResultWriter<Finished> | undefined
  let name: string | undefined

  const rows = (): number | null => {
    const written = current === undefined ? 0 : current.rows
    return finishedRows === null || written === null ? null : finishedRows + written
  }

  async function openNext(nextName: string | undefined): Promise<ResultFile<Finished>> {
    name = nextName
    writer = await open(finished.length, nextName)
    current = await openResultFile({ ...fileOptions, writer, firstRow: (rows() ?? 0) + 1 })
    return current
  }

  async function finishCurrent(file: ResultFile<Finished>): Promise<void> {
    const object = await file.finish()
    finished.push({ finished: object, rows: file.rows, uncompressedBytes: file.uncompressedBytes })
    finishedRows = rows()
    finishedBytes += file.uncompressedBytes
    current = undefined
    writer = undefined
  }

  async function fileFor(batch: Batch): Promise<ResultFile<Finished>> {
    const wanted = batch.form === 'bytes' ? batch.file : undefined
    if (current !== undefined && wanted === name) return current
    if (current !== undefined) await finishCurrent(current)
    return openNext(wanted)
  }

  async function writeSplit(batch: Batch, limits: Split): Promise<void> {
    let file = await fileFor(batch)
    let rest = await file.fill(batch, roomIn(file, limits))
    while (rest !== undefined) {
      // Not one row has room in an empty file: it gets the row all the same.
      if (file.rows === 0) rest = await file.fill(rest, { rows: 1, bytes: unlimited.bytes })
      // Nor can a row be told from the next.
      if (file.rows === 0 && rest !== undefined) rest = await file.fill(rest, unlimited)
      if (rest === undefined) return
      await finishCurrent(file)
      file = await openNext(undefined)
      rest = await file.fill(rest, roomIn(file, limits))
    }
  }

  return {
    finished,
    get rows() {
      return rows()
    },
    get uncompressedBytes() {
      return finishedBytes + (current?.uncompressedBytes ?? 0)
    },
    async write(batch) {
      if (split === undefined || isCopy(batch)) await (await fileFor(batch)).write(batch)
      else await writeSplit(batch, split)
    },
    async finish() {
      await finishCurrent(current ?? (await openNext(undefined)))
      return finished
    },
    async abort() {
      // A file whose opening failed has a writer already.
      if (current === undefined) await writer?.abort()
      else await current.abort()
    },
  }
}

/** A file that is copied as it is has its own bounds. */
function isCopy(batch: Batch): batch is BytesBatch {
  return batch.form === 'bytes' && batch.rows === null
}

function roomIn(file: ResultFile<unknown>, split: Split): Room {
  return {
    rows: split.rows === undefined ? unlimited.rows : split.rows - (file.rows ?? 0),
    bytes: split.bytes === undefined ? unlimited.bytes : split.bytes - file.size,
  }
}
