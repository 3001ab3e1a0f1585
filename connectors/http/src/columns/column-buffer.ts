import type { Column, FixedColumn, LogicalType } from '@bulkhead/connector-sdk'
import type { Cell } from './read-cell.ts'

/** The values of one column of a batch, in buffers that the next batch uses again. They grow with what it holds (I8). */
export interface ColumnBuffer {
  /** Bytes that it keeps in memory. */
  readonly capacity: number
  add(row: number, cell: Cell): void
  build(rows: number): Column
  /** Begins the next batch: what `build` gave is no longer valid. */
  reset(): void
}

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
    default:
      return type satisfies never
  }
}

/** Bytes that a cell takes, its offset included. */
export function cellBytes(cell: Cell, type: LogicalType): number {
  if (cell instanceof Uint8Array) return cell.length + 4
  switch (type.kind) {
    case 'boolean':
      return 1
    case 'timestamp':
      return 8
    case 'integer':
    case 'float':
      return type.bits === 64 ? 8 : 4
    case 'date':
    case 'decimal':
    case 'text':
    case 'json':
    case 'binary':
      return 4
    default:
      return type satisfies never
  }
}

const FIRST_ROWS = 256

class Validity {
  #bits: Uint8Array | undefined

  setNull(row: number): void {
    const bytes = (row >> 3) + 1
    if (this.#bits === undefined || this.#bits.length < bytes) {
      const larger = new Uint8Array(Math.max(FIRST_ROWS / 8, 2 * bytes)).fill(0xff)
      if (this.#bits !== undefined) larger.set(this.#bits)
      this.#bits = larger
    }
    this.#bits[row >> 3]! &= ~(1 << (row & 7))
  }

  reset(): void {
    this.#bits = undefined
  }

  build(rows: number): Uint8Array | undefined {
    if (this.#bits === undefined) return undefined
    const bytes = (rows + 7) >> 3
    if (this.#bits.length >= bytes) return this.#bits.subarray(0, bytes)
    const larger = new Uint8Array(bytes).fill(0xff)
    larger.set(this.#bits)
    return larger
  }
}

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

  reset(): void {
    this.#validity.reset()
  }

  add(row: number, cell: Cell): void {
    if (row === this.#values.length) {
      const larger = new this.#make(2 * row)
      larger.set(this.#values as never)
      this.#values = larger
    }
    if (cell === null) this.#validity.setNull(row)
    else this.#values[row] = cell as never
  }

  build(rows: number): Column {
    return {
      layout: 'fixed',
      values: this.#values.subarray(0, rows) as Values,
      validity: this.#validity.build(rows),
    }
  }
}

class VariableBuffer implements ColumnBuffer {
  readonly #validity = new Validity()
  #offsets = new Int32Array(FIRST_ROWS + 1)
  #bytes = Buffer.allocUnsafeSlow(16 * FIRST_ROWS)
  #length = 0

  get capacity(): number {
    return this.#bytes.length + this.#offsets.byteLength
  }

  reset(): void {
    this.#length = 0
    this.#validity.reset()
  }

  add(row: number, cell: Cell): void {
    if (row + 1 === this.#offsets.length) {
      const larger = new Int32Array(2 * this.#offsets.length)
      larger.set(this.#offsets)
      this.#offsets = larger
    }
    if (cell instanceof Uint8Array) {
      const length = this.#length + cell.length
      if (length > this.#bytes.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#bytes.length))
        larger.set(this.#bytes.subarray(0, this.#length))
        this.#bytes = larger
      }
      this.#bytes.set(cell, this.#length)
      this.#length = length
    } else this.#validity.setNull(row)
    this.#offsets[row + 1] = this.#length
  }

  build(rows: number): Column {
    return {
      layout: 'variable',
      offsets: this.#offsets.subarray(0, rows + 1),
      bytes: this.#bytes.subarray(0, this.#length),
      validity: this.#validity.build(rows),
    }
  }
}
