import type { Column } from '@bulkhead/connector-sdk'
import type { VectorHandle } from '../vectors/raw-vector.ts'

/**
 * Collects the values of one column, chunk by chunk, until a batch is full. A chunk is loaded, measured, and copied
 * in one or more ranges of rows; its memory may go when all are copied.
 */
export interface ColumnWriter {
  load(vector: VectorHandle, rows: number): void
  /** Adds the bytes that each row of the loaded chunk takes in this column. */
  addSizes(sizes: Float64Array, rows: number): void
  /** Copies rows `from` (included) to `to` (not included) of the loaded chunk. */
  append(from: number, to: number): void
  /** The values since the last call. Its buffers are used again by `append`. */
  take(): Column
}
