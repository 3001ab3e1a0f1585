import type { FixedColumn, VariableColumn } from '@bulkhead/connector-sdk'
import { ByteBuffer } from './byte-buffer.ts'

/** Buffers of one column of a batch, used again for the next one. They grow with what the batches hold (I8). */

const firstRows = 256

/** Which rows have a value: one bit a row, looked at only when there was a null. */
class Validity {
  #bits = new Uint8Array(firstRows / 8).fill(0xff)
  #nulls = false

  setNull(row: number): void {
    if (row >= 8 * this.#bits.length) this.#grow(2 * (row + 1))
    this.#bits[row >> 3]! &= ~(1 << (row & 7))
    this.#nulls = true
  }

  build(rows: number): Uint8Array | undefined {
    if (!this.#nulls) return undefined
    if (rows > 8 * this.#bits.length) this.#grow(rows)
    return this.#bits.subarray(0, (rows + 7) >> 3)
  }

  reset(): void {
    if (this.#nulls) this.#bits.fill(0xff)
    this.#nulls = false
  }

  #grow(rows: number): void {
    const larger = new Uint8Array((rows + 7) >> 3).fill(0xff)
    larger.set(this.#bits)
    this.#bits = larger
  }
}

type Values = FixedColumn['values']

/**
 * Values of fixed width. Those of 8 bytes are written as two words of 32 bits, lower half first: a
 * BigInt a value would cost more than all the rest. Every platform of Node.js is little-endian.
 */
export class FixedBuffer {
  readonly validity = new Validity()
  bytes: Uint8Array
  words: Int32Array
  readonly #width: number
  readonly #view: (buffer: ArrayBuffer, rows: number) => Values
  #buffer: ArrayBuffer

  /** @param width  bytes of a value */
  constructor(width: 1 | 4 | 8, view: (buffer: ArrayBuffer, rows: number) => Values) {
    this.#width = width
    this.#view = view
    this.#buffer = new ArrayBuffer(firstRows * width)
    this.bytes = new Uint8Array(this.#buffer)
    this.words = new Int32Array(this.#buffer)
  }

  /** Makes room for the row; what is there may be of an earlier batch. */
  reserve(row: number): void {
    if ((row + 1) * this.#width <= this.#buffer.byteLength) return
    this.#buffer = this.#buffer.transfer(2 * this.#buffer.byteLength)
    this.bytes = new Uint8Array(this.#buffer)
    this.words = new Int32Array(this.#buffer)
  }

  /** Bytes that it holds in memory. */
  get capacity(): number {
    return this.#buffer.byteLength
  }

  build(rows: number): FixedColumn {
    return { layout: 'fixed', values: this.#view(this.#buffer, rows), validity: this.validity.build(rows) }
  }
}

/** Values of variable width: bytes with offsets. */
export class VariableBuffer {
  readonly out: ByteBuffer
  readonly validity = new Validity()
  #offsets = new Int32Array(firstRows + 1)

  /** @param usual  bytes up to which the buffer is kept from batch to batch */
  constructor(usual: number) {
    this.out = new ByteBuffer(usual, 4 * firstRows)
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

  /** Bytes that it holds in memory. */
  get capacity(): number {
    return this.out.bytes.length + this.#offsets.byteLength
  }

  build(rows: number): VariableColumn {
    return {
      layout: 'variable',
      offsets: this.#offsets.subarray(0, rows + 1),
      bytes: this.out.bytes.subarray(0, this.out.length),
      validity: this.validity.build(rows),
    }
  }

  reset(): void {
    this.out.reset()
    this.validity.reset()
  }
}
