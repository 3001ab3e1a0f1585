import type { VariableColumn } from '@bulkhead/connector-sdk'
import { Validity } from './validity.ts'

/** Below so many bytes a loop copies faster than a call. */
const LOOP_BYTES = 24

/** A column of bytes with offsets, that grows; its buffers are used again for every batch. */
export class ByteRows {
  readonly #validity = new Validity()
  #offsets = new Int32Array(2049)
  #bytes = new Uint8Array(16 * 1024)
  #rows = 0
  #length = 0

  /** Makes room for so many more rows and bytes; to be called before `add`. */
  reserve(rows: number, bytes: number): void {
    if (this.#rows + rows + 1 > this.#offsets.length) {
      const larger = new Int32Array(Math.max(this.#rows + rows + 1, this.#offsets.length * 2))
      larger.set(this.#offsets)
      this.#offsets = larger
    }
    if (this.#length + bytes > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length + bytes, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
  }

  /** Appends one row. */
  add(source: Uint8Array, start: number, length: number): void {
    const bytes = this.#bytes
    let at = this.#length
    if (length <= LOOP_BYTES) {
      for (let from = start; from < start + length; from++) bytes[at++] = source[from] ?? 0
    } else {
      bytes.set(source.subarray(start, start + length), at)
    }
    this.#length += length
    this.#offsets[++this.#rows] = this.#length
  }

  /** Which of the rows that were just added have a value. */
  addValidity(bits: Uint8Array | undefined, from: number, to: number): void {
    this.#validity.append(bits, from, to)
  }

  take(): VariableColumn {
    const column: VariableColumn = {
      layout: 'variable',
      offsets: this.#offsets.subarray(0, this.#rows + 1),
      bytes: this.#bytes.subarray(0, this.#length),
      validity: this.#validity.take(),
    }
    this.#rows = 0
    this.#length = 0
    return column
  }
}
