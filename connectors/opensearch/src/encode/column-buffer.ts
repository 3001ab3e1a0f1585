import { type FixedColumn, Validity, type VariableColumn } from '@bulkhead/connector-sdk'
import { ByteBuffer } from '../byte-buffer.ts'

/** Buffers of one column of a batch, used again for the next one. They grow with what the batches hold (I8). */

const firstRows = 256

type Values = FixedColumn['values']

/** Values of fixed width. */
export class FixedBuffer<V extends Values> {
  readonly validity = new Validity()
  values: V
  readonly #make: (length: number) => V

  constructor(make: (length: number) => V) {
    this.#make = make
    this.values = make(firstRows)
  }

  /** Makes room for the row. */
  reserve(row: number): void {
    if (row < this.values.length) return
    const larger = this.#make(2 * (row + 1))
    larger.set(this.values as never)
    this.values = larger
  }

  build(rows: number): FixedColumn {
    return {
      layout: 'fixed',
      values: this.values.subarray(0, rows),
      validity: this.validity.build(rows),
    }
  }

  reset(): void {
    this.validity.reset()
  }
}

/** Values of variable width: bytes with offsets. */
export class VariableBuffer {
  readonly out: ByteBuffer
  readonly validity = new Validity()
  #offsets = new Int32Array(firstRows + 1)

  /** @param usual  bytes up to which the memory is kept from batch to batch */
  constructor(usual: number) {
    this.out = new ByteBuffer(usual)
  }

  /** Ends the value of the row at what `out` holds now. */
  endRow(row: number): void {
    if (row + 2 > this.#offsets.length) {
      const larger = new Int32Array(2 * this.#offsets.length)
      larger.set(this.#offsets)
      this.#offsets = larger
    }
    this.#offsets[row + 1] = this.out.length
  }

  build(rows: number): VariableColumn {
    return {
      layout: 'variable',
      offsets: this.#offsets.subarray(0, rows + 1),
      bytes: this.out.view(),
      validity: this.validity.build(rows),
    }
  }

  reset(): void {
    this.out.begin()
    this.validity.reset()
  }
}
