import { type FixedColumn, Validity, type VariableColumn } from '@bulkhead/connector-sdk'

/** Buffers of one column of a batch, used again for the next one. They grow with what the batches hold (I8). */

const firstRows = 256

type Values = FixedColumn['values']
export type View = (buffer: ArrayBuffer, rows: number) => Values

/**
 * Values of fixed width. Those of 8 bytes are written as two words of 32 bits, lower half first: a
 * BigInt a value would cost more than all the rest. Every platform of Node.js is little-endian.
 */
export class FixedBuffer {
  readonly validity = new Validity()
  bytes: Uint8Array
  words: Int32Array
  readonly #width: number
  readonly #view: View
  #buffer: ArrayBuffer

  /** @param width  bytes of a value */
  constructor(width: 1 | 4 | 8, view: View) {
    this.#width = width
    this.#view = view
    this.#buffer = new ArrayBuffer(firstRows * width)
    this.bytes = new Uint8Array(this.#buffer)
    this.words = new Int32Array(width === 1 ? new ArrayBuffer(0) : this.#buffer)
  }

  /** Makes room for the row; what is there may be of an earlier batch. */
  reserve(row: number): void {
    if ((row + 1) * this.#width <= this.#buffer.byteLength) return
    this.#buffer = this.#buffer.transfer(2 * this.#buffer.byteLength)
    this.bytes = new Uint8Array(this.#buffer)
    if (this.#width > 1) this.words = new Int32Array(this.#buffer)
  }

  /** A row without value, as zero. */
  addNull(row: number): void {
    this.reserve(row)
    this.validity.setNull(row)
    this.bytes.fill(0, row * this.#width, (row + 1) * this.#width)
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
  readonly validity = new Validity()
  bytes: Buffer = Buffer.allocUnsafeSlow(4 * firstRows)
  /** How many bytes are used. */
  length = 0
  #offsets = new Int32Array(firstRows + 1)
  readonly #usual: number

  /** @param usual  bytes up to which the buffer is kept from batch to batch */
  constructor(usual: number) {
    this.#usual = usual
  }

  /** Makes room for so many more bytes. */
  reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(this.#usual, 2 * this.bytes.length)))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }

  append(bytes: Buffer, from: number, size: number): void {
    if (this.length + size > this.bytes.length) this.reserve(size)
    const target = this.bytes
    let to = this.length
    // A call into native code costs as much as some forty bytes.
    if (size > 40) bytes.copy(target, to, from, from + size)
    else for (let each = from; each < from + size; each += 1) target[to++] = bytes[each]!
    this.length += size
  }

  /** Ends the value of the row at what is used now. */
  endRow(row: number): void {
    if (row + 2 > this.#offsets.length) {
      const larger = new Int32Array(2 * this.#offsets.length)
      larger.set(this.#offsets)
      this.#offsets = larger
    }
    this.#offsets[row + 1] = this.length
  }

  addNull(row: number): void {
    this.validity.setNull(row)
    this.endRow(row)
  }

  /** Bytes that it holds in memory. */
  get capacity(): number {
    return this.bytes.length + this.#offsets.byteLength
  }

  build(rows: number): VariableColumn {
    return {
      layout: 'variable',
      offsets: this.#offsets.subarray(0, rows + 1),
      bytes: this.bytes.subarray(0, this.length),
      validity: this.validity.build(rows),
    }
  }

  reset(): void {
    this.length = 0
    this.validity.reset()
    if (this.bytes.length > this.#usual) this.bytes = Buffer.allocUnsafeSlow(this.#usual)
  }
}
