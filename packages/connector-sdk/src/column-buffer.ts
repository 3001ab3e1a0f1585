import type { Column, FixedColumn } from './batch.ts'
import type { LogicalType } from './types.ts'
import { Validity } from './validity.ts'

/** A value on its way into a column of fixed layout. */
export type FixedCell = number | bigint

/** The values of one column of a batch, in buffers that the next batch uses again. They grow with what it holds (I8). */
export interface ColumnBuffer {
  /** Bytes that it keeps in memory. */
  readonly capacity: number
  addNull(row: number): void
  addFixed(row: number, cell: FixedCell): void
  addBytes(row: number, bytes: Uint8Array, start: number, end: number): void
  build(rows: number): Column
  /** Begins the next batch: what `build` gave is no longer valid. */
  reset(): void
}

/** Buffers in the layout that `Column` has for the type. */
export function columnBuffer(type: LogicalType): ColumnBuffer {
  switch (type.kind) {
    case 'boolean':
      return new FixedBuffer(Uint8Array)
    case 'integer':
      if (type.bits === 64) return new FixedBuffer(type.unsigned === true ? BigUint64Array : BigInt64Array)
      return new FixedBuffer(type.unsigned === true ? Uint32Array : Int32Array)
    case 'float':
      return new FixedBuffer(type.bits === 32 ? Float32Array : Float64Array)
    case 'date':
      return new FixedBuffer(Int32Array)
    case 'timestamp':
      return new FixedBuffer(BigInt64Array)
    case 'decimal':
    case 'text':
    case 'json':
    case 'binary':
      return new VariableBuffer()
  }
  return type satisfies never
}

const FIRST_ROWS = 256
/** Bytes that a loop copies faster than a call. */
const SHORT = 24

type Values = FixedColumn['values']

class FixedBuffer implements ColumnBuffer {
  readonly #make: new (length: number) => Values
  readonly #validity = new Validity()
  #values: Values

  constructor(make: new (length: number) => Values) {
    this.#make = make
    this.#values = new make(FIRST_ROWS)
  }

  get capacity(): number {
    return this.#values.byteLength
  }

  addNull(row: number): void {
    this.#grow(row)
    this.#validity.setNull(row)
  }

  addFixed(row: number, cell: FixedCell): void {
    this.#grow(row)
    this.#values[row] = cell as never
  }

  addBytes(): void {
    throw new Error('A column of fixed layout takes no bytes')
  }

  reset(): void {
    this.#validity.reset()
  }

  build(rows: number): Column {
    const values = this.#values.subarray(0, rows) as Values
    return { layout: 'fixed', values, validity: this.#validity.build(rows) }
  }

  #grow(row: number): void {
    if (row < this.#values.length) return
    const larger = new this.#make(2 * row)
    larger.set(this.#values as never)
    this.#values = larger
  }
}

class VariableBuffer implements ColumnBuffer {
  readonly #validity = new Validity()
  #offsets = new Int32Array(FIRST_ROWS + 1)
  #bytes = new Uint8Array(16 * FIRST_ROWS)
  #length = 0

  get capacity(): number {
    return this.#bytes.length + this.#offsets.byteLength
  }

  addNull(row: number): void {
    this.#validity.setNull(row)
    this.#endRow(row)
  }

  addFixed(): void {
    throw new Error('A column of bytes takes no number')
  }

  addBytes(row: number, bytes: Uint8Array, start: number, end: number): void {
    const length = this.#length + end - start
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    if (end - start > SHORT) this.#bytes.set(bytes.subarray(start, end), this.#length)
    else for (let from = start, to = this.#length; from < end; from++, to++) this.#bytes[to] = bytes[from]!
    this.#length = length
    this.#endRow(row)
  }

  reset(): void {
    this.#length = 0
    this.#validity.reset()
  }

  build(rows: number): Column {
    return {
      layout: 'variable',
      offsets: this.#offsets.subarray(0, rows + 1),
      bytes: this.#bytes.subarray(0, this.#length),
      validity: this.#validity.build(rows),
    }
  }

  #endRow(row: number): void {
    if (row + 1 >= this.#offsets.length) {
      const larger = new Int32Array(2 * this.#offsets.length)
      larger.set(this.#offsets)
      this.#offsets = larger
    }
    this.#offsets[row + 1] = this.#length
  }
}
