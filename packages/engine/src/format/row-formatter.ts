import type { ColumnsBatch } from '@bulkhead/connector-sdk'

/** Most that may be written now: what a limit of rows or bytes still leaves. */
export interface Room {
  readonly rows: number
  readonly bytes: number
}

export const unlimited: Room = { rows: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

/** Some rows as bytes of the file. */
export interface FormattedRows {
  /** Valid until the formatter is called again. */
  readonly bytes: Uint8Array
  /** The first row that is not in `bytes`. */
  readonly next: number
}

/** Turns rows into bytes, a bounded piece at a time (I8). Has no state between two pieces. */
export interface RowFormatter {
  /** What stands before the first row; may be empty. */
  readonly header: Uint8Array
  /**
   * Formats whole rows from `from` on, until a piece is full or the next row finds no room.
   * `next` is `from` when not one row has room.
   */
  format(batch: ColumnsBatch, from: number, room: Room): FormattedRows
}

/** Formats one row. */
export interface RowWriter {
  /** Bytes that the row takes at most. */
  bound(row: number): number
  /** Appends the row with its line end. @returns the position after it */
  write(row: number, out: Uint8Array, at: number): number
}

/** A piece is handed on when it is so full; one longer row makes one longer piece. */
const pieceBytes = 256 * 1024

/** The loop over rows that CSV and JSON Lines share. */
export function createRowFormatter(
  header: Uint8Array,
  rowWriter: (batch: ColumnsBatch) => RowWriter,
): RowFormatter {
  /** Made for the first row: what is bytes already needs none. */
  let piece: Uint8Array | undefined
  let batchOfWriter: ColumnsBatch | undefined
  let writer: RowWriter
  return {
    header,
    format(batch, from, room) {
      if (batch !== batchOfWriter) {
        writer = rowWriter(batch)
        batchOfWriter = batch
      }
      const to = Math.min(batch.rows, from + room.rows)
      const first = from < to ? writer.bound(from) : 0
      // A row that is longer than a piece gets a buffer of its own, which is not kept.
      const out = first > pieceBytes ? new Uint8Array(first) : (piece ??= new Uint8Array(pieceBytes))
      let end = 0
      let row = from
      for (; row < to && end + writer.bound(row) <= out.length; row++) {
        const after = writer.write(row, out, end)
        if (after > room.bytes) break
        end = after
      }
      return { bytes: out.subarray(0, end), next: row }
    },
  }
}
