import type { ColumnsBatch as Columns } from '@bulkhead/connector-sdk'
import { mysqlError } from '../errors.ts'
import type { ColumnPlan } from '../query/column-plan.ts'
import { columnDecoder, type ColumnDecoder } from './column-decoder.ts'

/**
 * Rows of the binary protocol as columns, one batch at a time, in buffers that are used again. A row is
 * a zero, a bit for each column that is null (from the third bit on), and the other values.
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html
 */
export class ColumnsBatch {
  rows = 0
  readonly #createDecoders: () => readonly ColumnDecoder[]
  #decoders: readonly ColumnDecoder[]
  /** Bytes that a row may take besides those that it has in the protocol. */
  readonly #growth: number
  readonly #maxRows: number
  readonly #maxBytes: number
  #bytes = 0

  constructor(plan: readonly ColumnPlan[], maxRows: number, maxBytes: number) {
    this.#createDecoders = () => plan.map((column) => columnDecoder(column, maxBytes))
    this.#decoders = this.#createDecoders()
    this.#growth = this.#decoders.reduce((sum, { growth }) => sum + growth, 0)
    this.#maxRows = maxRows
    this.#maxBytes = maxBytes
  }

  /**
   * Adds the row in `bytes` from `start` to `end`.
   * @returns false when the batch is full and the row was not added; never when it is empty
   */
  add(bytes: Buffer, start: number, end: number): boolean {
    const size = end - start + this.#growth
    if (this.rows > 0 && (this.#bytes + size > this.#maxBytes || this.rows >= this.#maxRows)) return false
    const decoders = this.#decoders
    const row = this.rows
    const nulls = start + 1
    let at = nulls + ((decoders.length + 9) >> 3)
    for (let index = 0; index < decoders.length; index += 1) {
      const bit = index + 2
      if ((bytes[nulls + (bit >> 3)]! & (1 << (bit & 7))) !== 0) decoders[index]!.addNull(row)
      else at = decoders[index]!.add(row, bytes, at, end)
      if (at > end) break
    }
    // A value that reaches beyond the row would be one that the server did not describe.
    if (at !== end)
      throw mysqlError('mysql-protocol', 'A row of the server does not have the columns that it described')
    this.#bytes += size
    this.rows += 1
    return true
  }

  build(): Columns {
    const { rows } = this
    return {
      form: 'columns',
      rows,
      columns: this.#decoders.map((each) => each.build(rows)),
      bytes: this.#bytes,
    }
  }

  reset(): void {
    this.rows = 0
    this.#bytes = 0
    for (const decoder of this.#decoders) decoder.reset()
    // Each column keeps what it needed at most. When one after the other needed much, that is too much
    // in sum (I8): begin again with small ones.
    const kept = this.#decoders.reduce((sum, { capacity }) => sum + capacity, 0)
    if (kept > keptBatches * this.#maxBytes + smallest * this.#decoders.length)
      this.#decoders = this.#createDecoders()
  }
}

/** What the buffers of a batch may keep from one to the next, in batches, and beside it for each column. */
const keptBatches = 4
const smallest = 16 * 1024
