import type { Column } from '@bulkhead/connector-sdk'
import { isSet, validityOf, type VectorHandle } from '../vectors/raw-vector.ts'
import type { TextAt } from '../vectors/json-reader.ts'
import { ByteRows } from './byte-rows.ts'
import type { ColumnWriter } from './column-writer.ts'

/** Writes values that DuckDB has in another form as text: decimals, times, nested values as JSON. */
export class RenderedWriter implements ColumnWriter {
  readonly #read: (vector: VectorHandle, rows: number) => TextAt
  readonly #rows = new ByteRows()
  #chunk = Buffer.alloc(16 * 1024)
  #ends = new Int32Array(0)
  #validity: Uint8Array | undefined

  constructor(read: (vector: VectorHandle, rows: number) => TextAt) {
    this.#read = read
  }

  load(vector: VectorHandle, rows: number): void {
    this.#validity = validityOf(vector, rows)
    if (this.#ends.length < rows + 1) this.#ends = new Int32Array(rows + 1)
    const textAt = this.#read(vector, rows)
    let end = 0
    for (let row = 0; row < rows; row++) {
      if (isSet(this.#validity, row)) {
        const text = textAt(row)
        // A character of JavaScript takes at most 3 bytes.
        if (end + text.length * 3 > this.#chunk.length) this.#grow(end, text.length * 3)
        end += this.#chunk.write(text, end)
      }
      this.#ends[row + 1] = end
    }
  }

  addSizes(sizes: Float64Array, rows: number): void {
    for (let row = 0; row < rows; row++) sizes[row] = (sizes[row] ?? 0) + 4 + this.#lengthOf(row)
  }

  append(from: number, to: number): void {
    this.#rows.reserve(to - from, (this.#ends[to] ?? 0) - (this.#ends[from] ?? 0))
    for (let row = from; row < to; row++)
      this.#rows.add(this.#chunk, this.#ends[row] ?? 0, this.#lengthOf(row))
    this.#rows.addValidity(this.#validity, from, to)
  }

  take(): Column {
    return this.#rows.take()
  }

  #lengthOf(row: number): number {
    return (this.#ends[row + 1] ?? 0) - (this.#ends[row] ?? 0)
  }

  #grow(used: number, more: number): void {
    const larger = Buffer.alloc(Math.max(used + more, this.#chunk.length * 2))
    this.#chunk.copy(larger, 0, 0, used)
    this.#chunk = larger
  }
}
