import type { Column } from '@bulkhead/connector-sdk'
import { validityOf, type VectorHandle } from '../vectors/raw-vector.ts'
import { stringsOf, type Strings } from '../vectors/strings.ts'
import { ByteRows } from './byte-rows.ts'
import type { ColumnWriter } from './column-writer.ts'

/** Writes texts and blobs, whose bytes DuckDB has as they are needed. */
export class TextWriter implements ColumnWriter {
  readonly #rows = new ByteRows()
  #strings: Strings = {
    lengths: new Uint32Array(0),
    starts: new Uint32Array(0),
    segment: () => new Uint8Array(0),
  }
  #validity: Uint8Array | undefined

  load(vector: VectorHandle, rows: number): void {
    this.#validity = validityOf(vector, rows)
    this.#strings = stringsOf(vector, this.#validity, rows)
  }

  addSizes(sizes: Float64Array, rows: number): void {
    const { lengths } = this.#strings
    for (let row = 0; row < rows; row++) sizes[row] = (sizes[row] ?? 0) + 4 + (lengths[row] ?? 0)
  }

  append(from: number, to: number): void {
    const { lengths, starts } = this.#strings
    let total = 0
    for (let row = from; row < to; row++) total += lengths[row] ?? 0
    this.#rows.reserve(to - from, total)
    for (let row = from; row < to; row++) {
      this.#rows.add(this.#strings.segment(row), starts[row] ?? 0, lengths[row] ?? 0)
    }
    this.#rows.addValidity(this.#validity, from, to)
  }

  take(): Column {
    return this.#rows.take()
  }
}
