import type { ColumnsBatch } from '@bulkhead/connector-sdk'
import type { Columns } from '../columns/column.ts'
import { columnWriter, type ColumnWriter, restWriter } from '../columns/column-writer.ts'
import { RowReader } from '../columns/row-reader.ts'
import type { BatchBounds, BatchBuilder } from './batch-builder.ts'
import type { ExtendedJson } from './extended-json.ts'

/** Columns in Arrow's layout. */
export class ColumnBatches implements BatchBuilder {
  readonly #reader: RowReader
  readonly #writers: readonly ColumnWriter[]
  readonly #bounds: BatchBounds
  #rows = 0

  constructor(columns: Columns, json: ExtendedJson, bounds: BatchBounds) {
    this.#reader = new RowReader(columns)
    this.#writers = [
      ...columns.columns.map((column, index) => columnWriter(column, index, json)),
      ...(columns.rest === undefined ? [] : [restWriter(json)]),
    ]
    this.#bounds = bounds
  }

  get rows(): number {
    return this.#rows
  }

  add(bytes: Uint8Array, at: number): ColumnsBatch | undefined {
    for (const writer of this.#writers) writer.recycle()
    this.#reader.read(bytes, at)
    for (const writer of this.#writers) writer.add(this.#reader, bytes)
    this.#rows++
    if (this.#rows > 1 && this.#held(this.#rows) > this.#bounds.bytes) return this.#take(this.#rows - 1)
    return this.#rows >= this.#bounds.rows ? this.#take(this.#rows) : undefined
  }

  finish(): ColumnsBatch | undefined {
    for (const writer of this.#writers) writer.recycle()
    return this.#rows === 0 ? undefined : this.#take(this.#rows)
  }

  #held(rows: number): number {
    let bytes = Math.ceil(rows / 8) * this.#writers.length
    for (const writer of this.#writers) bytes += writer.held(rows)
    return bytes
  }

  #take(rows: number): ColumnsBatch {
    const bytes = this.#held(rows)
    this.#rows -= rows
    return { form: 'columns', rows, columns: this.#writers.map((writer) => writer.take(rows)), bytes }
  }
}
