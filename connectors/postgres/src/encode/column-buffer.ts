import { type FixedColumn, Validity, type VariableColumn } from '@bulkhead/connector-sdk'
import { ByteBuffer } from './byte-buffer.ts'

/** Buffers of one column of a batch, used again for the next one. They grow with what the batches hold (I8). */

const firstRows = 256

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
