import type { Column as BatchColumn } from '@bulkhead/connector-sdk'
import type { RowReader } from './row-reader.ts'
import { ByteBuffer } from '../encode/byte-buffer.ts'
import type { ExtendedJson } from '../encode/extended-json.ts'
import type { Column } from './column.ts'
import {
  binaryRange,
  toBoolean,
  toDecimal,
  toFloat,
  toInteger,
  toMilliseconds,
  writeText,
} from './convert.ts'

/** Writes one column of a batch, in Arrow's layout. */
export interface ColumnWriter {
  /** Appends the value of the reader's current document. */
  add(reader: RowReader, bytes: Uint8Array): void
  /** What the first `rows` rows hold, in bytes. */
  held(rows: number): number
  /** The first `rows` rows as a column, whose bytes stay until the next call of `recycle`; the rows after them stay too. */
  take(rows: number): BatchColumn
  recycle(): void
}

export function columnWriter(column: Column, index: number, json: ExtendedJson): ColumnWriter {
  const fixed = fixedWriters[column.type]
  return fixed === undefined
    ? new VariableWriter(variableWriter(column, index, json))
    : new FixedWriter(column, index, fixed.make, fixed.put)
}

export function restWriter(json: ExtendedJson): ColumnWriter {
  return new VariableWriter((out, reader, bytes) => reader.writeRest(out, json, bytes))
}

type Values = Uint8Array | BigInt64Array | Float64Array
type Put = (values: Values, row: number, column: Column, bytes: Uint8Array, type: number, at: number) => void

const fixedWriters: Partial<
  Record<Column['type'], { readonly make: (rows: number) => Values; readonly put: Put }>
> = {
  integer: {
    make: (rows) => new BigInt64Array(rows),
    put: (values, row, column, bytes, type, at) =>
      void ((values as BigInt64Array)[row] = toInteger(column, bytes, type, at)),
  },
  float: {
    make: (rows) => new Float64Array(rows),
    put: (values, row, column, bytes, type, at) =>
      void ((values as Float64Array)[row] = toFloat(column, bytes, type, at)),
  },
  boolean: {
    make: (rows) => new Uint8Array(rows),
    put: (values, row, column, bytes, type, at) =>
      void ((values as Uint8Array)[row] = toBoolean(column, bytes, type, at) ? 1 : 0),
  },
  timestamp: {
    make: (rows) => new BigInt64Array(rows),
    put: (values, row, column, bytes, type, at) =>
      void ((values as BigInt64Array)[row] = BigInt(toMilliseconds(column, bytes, type, at)) * 1000n),
  },
}

/** Which rows hold a value; without nulls there is nothing to say. */
class Validity {
  #bits = new Uint8Array(128)
  #nulls = 0

  set(row: number, valid: boolean): void {
    if (row >> 3 >= this.#bits.length) {
      const grown = new Uint8Array(this.#bits.length * 2)
      grown.set(this.#bits)
      this.#bits = grown
    }
    if (valid) this.#bits[row >> 3]! |= 1 << (row & 7)
    else this.#nulls++
  }

  /** The bits of the first rows; `kept` more rows move to the front. */
  take(rows: number, kept: number): Uint8Array | undefined {
    const bits = this.#nulls === 0 ? undefined : this.#bits.slice(0, (rows + 7) >> 3)
    const rest = Array.from({ length: kept }, (_, index) => {
      const row = rows + index
      return (this.#bits[row >> 3]! & (1 << (row & 7))) !== 0
    })
    this.#bits.fill(0)
    this.#nulls = 0
    for (const [row, valid] of rest.entries()) this.set(row, valid)
    return bits
  }
}

class FixedWriter implements ColumnWriter {
  readonly #column: Column
  readonly #index: number
  readonly #make: (rows: number) => Values
  readonly #put: Put
  readonly #validity = new Validity()
  #values: Values
  #rows = 0

  constructor(column: Column, index: number, make: (rows: number) => Values, put: Put) {
    this.#column = column
    this.#index = index
    this.#make = make
    this.#put = put
    this.#values = make(1024)
  }

  add(reader: RowReader, bytes: Uint8Array): void {
    if (this.#rows === this.#values.length) this.#grow()
    const type = reader.types[this.#index]!
    if (type !== 0)
      this.#put(this.#values, this.#rows, this.#column, bytes, type, reader.starts[this.#index]!)
    else this.#values[this.#rows] = this.#values instanceof BigInt64Array ? 0n : 0
    this.#validity.set(this.#rows, type !== 0)
    this.#rows++
  }

  held(rows: number): number {
    return rows * this.#values.BYTES_PER_ELEMENT
  }

  take(rows: number): BatchColumn {
    const values = this.#values.slice(0, rows)
    const kept = this.#rows - rows
    this.#values.copyWithin(0, rows, this.#rows)
    this.#rows = kept
    return { layout: 'fixed', values, validity: this.#validity.take(rows, kept) }
  }

  /** Its values were copied. */
  recycle(): void {}

  #grow(): void {
    const grown = this.#make(this.#values.length * 2)
    grown.set(this.#values as never)
    this.#values = grown
  }
}

/** Appends the value of the current document. @returns whether there is one */
type WriteValue = (out: ByteBuffer, reader: RowReader, bytes: Uint8Array) => boolean

class VariableWriter implements ColumnWriter {
  readonly #write: WriteValue
  readonly #out = new ByteBuffer(16 * 1024)
  readonly #validity = new Validity()
  #offsets = new Int32Array(1025)
  #rows = 0

  constructor(write: WriteValue) {
    this.#write = write
  }

  add(reader: RowReader, bytes: Uint8Array): void {
    if (this.#rows + 1 === this.#offsets.length) {
      const grown = new Int32Array(this.#offsets.length * 2)
      grown.set(this.#offsets)
      this.#offsets = grown
    }
    this.#validity.set(this.#rows, this.#write(this.#out, reader, bytes))
    this.#offsets[++this.#rows] = this.#out.length
  }

  held(rows: number): number {
    return 4 * rows + this.#offsets[rows]!
  }

  take(rows: number): BatchColumn {
    this.#out.recycle()
    const offsets = this.#offsets.slice(0, rows + 1)
    const taken = offsets[rows]!
    const bytes = this.#out.take(taken)
    const kept = this.#rows - rows
    for (let row = 0; row <= kept; row++) this.#offsets[row] = this.#offsets[rows + row]! - taken
    this.#rows = kept
    return { layout: 'variable', offsets, bytes, validity: this.#validity.take(rows, kept) }
  }

  recycle(): void {
    this.#out.recycle()
  }
}

function variableWriter(column: Column, index: number, json: ExtendedJson): WriteValue {
  return (out, reader, bytes) => {
    const type = reader.types[index]!
    if (type === 0) return false
    const at = reader.starts[index]!
    const end = reader.ends[index]!
    if (column.type === 'text') writeText(column, out, bytes, type, at, end)
    else if (column.type === 'decimal') out.ascii(toDecimal(column, bytes, type, at))
    else if (column.type === 'json') json.value(out, bytes, type, at)
    else out.range(bytes, ...binaryRange(column, bytes, type, at, end))
    return true
  }
}
