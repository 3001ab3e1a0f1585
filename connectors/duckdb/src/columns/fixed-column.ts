import { DuckDBTypeId, type DuckDBType } from '@duckdb/node-api'
import {
  MINUS_INFINITE_DATE,
  MINUS_INFINITE_TIMESTAMP,
  type Column,
  type FixedColumn,
} from '@bulkhead/connector-sdk'
import { failure } from '../errors.ts'
import { isSet, numbersOf, validityOf, type VectorHandle } from '../vectors/raw-vector.ts'
import type { ColumnWriter } from './column-writer.ts'
import { Validity } from './validity.ts'

type Values = FixedColumn['values']

/** How a type of DuckDB becomes values of fixed width. */
interface Layout {
  readonly bytes: number
  readonly allocate: (rows: number) => Values
  /** Views the values of a chunk, converted where DuckDB's are not the SDK's. */
  readonly read: (
    vector: VectorHandle,
    rows: number,
    validity: Uint8Array | undefined,
    column: string,
  ) => ArrayLike<number> | ArrayLike<bigint>
}

const int32 = (read: Layout['read']): Layout => ({ bytes: 4, allocate: (rows) => new Int32Array(rows), read })
const uint32 = (read: Layout['read']): Layout => ({
  bytes: 4,
  allocate: (rows) => new Uint32Array(rows),
  read,
})
const int64 = (read: Layout['read']): Layout => ({
  bytes: 8,
  allocate: (rows) => new BigInt64Array(rows),
  read,
})

const layouts: Readonly<Partial<Record<DuckDBTypeId, Layout>>> = {
  [DuckDBTypeId.BOOLEAN]: {
    bytes: 1,
    allocate: (rows) => new Uint8Array(rows),
    read: (vector, rows) => numbersOf(Uint8Array, vector, rows),
  },
  [DuckDBTypeId.TINYINT]: int32((vector, rows) => numbersOf(Int8Array, vector, rows)),
  [DuckDBTypeId.SMALLINT]: int32((vector, rows) => numbersOf(Int16Array, vector, rows)),
  [DuckDBTypeId.INTEGER]: int32((vector, rows) => numbersOf(Int32Array, vector, rows)),
  [DuckDBTypeId.UTINYINT]: uint32((vector, rows) => numbersOf(Uint8Array, vector, rows)),
  [DuckDBTypeId.USMALLINT]: uint32((vector, rows) => numbersOf(Uint16Array, vector, rows)),
  [DuckDBTypeId.UINTEGER]: uint32((vector, rows) => numbersOf(Uint32Array, vector, rows)),
  [DuckDBTypeId.BIGINT]: int64((vector, rows) => numbersOf(BigInt64Array, vector, rows)),
  [DuckDBTypeId.UBIGINT]: {
    bytes: 8,
    allocate: (rows) => new BigUint64Array(rows),
    read: (vector, rows) => numbersOf(BigUint64Array, vector, rows),
  },
  [DuckDBTypeId.FLOAT]: {
    bytes: 4,
    allocate: (rows) => new Float32Array(rows),
    read: (vector, rows) => numbersOf(Float32Array, vector, rows),
  },
  [DuckDBTypeId.DOUBLE]: {
    bytes: 8,
    allocate: (rows) => new Float64Array(rows),
    read: (vector, rows) => numbersOf(Float64Array, vector, rows),
  },
  [DuckDBTypeId.DATE]: int32(readDates),
  [DuckDBTypeId.TIMESTAMP]: int64(readMicros),
  [DuckDBTypeId.TIMESTAMP_TZ]: int64(readMicros),
  [DuckDBTypeId.TIMESTAMP_S]: int64((vector, rows, validity) =>
    toMicros(vector, rows, validity, (value) => value * 1_000_000n),
  ),
  [DuckDBTypeId.TIMESTAMP_MS]: int64((vector, rows, validity) =>
    toMicros(vector, rows, validity, (value) => value * 1000n),
  ),
  [DuckDBTypeId.TIMESTAMP_NS]: int64((vector, rows, validity, column) =>
    toMicros(vector, rows, validity, (value) => {
      if (value % 1000n !== 0n) {
        throw failure('duckdb-nanoseconds', `The column ${column} has a fraction of a microsecond`, {
          path: 'query',
        })
      }
      return value / 1000n
    }),
  ),
}

/** A writer for types of fixed width, undefined for all others. @param column  its name, for errors */
export function fixedColumn(type: DuckDBType, column: string): ColumnWriter | undefined {
  const layout = layouts[type.typeId]
  return layout === undefined ? undefined : new FixedWriter(layout, column)
}

class FixedWriter implements ColumnWriter {
  readonly #layout: Layout
  readonly #column: string
  readonly #validity = new Validity()
  #chunk: ArrayLike<number> | ArrayLike<bigint> = []
  #chunkValidity: Uint8Array | undefined
  #values: Values
  #rows = 0

  constructor(layout: Layout, column: string) {
    this.#layout = layout
    this.#column = column
    this.#values = layout.allocate(2048)
  }

  load(vector: VectorHandle, rows: number): void {
    this.#chunkValidity = validityOf(vector, rows)
    this.#chunk = this.#layout.read(vector, rows, this.#chunkValidity, this.#column)
  }

  addSizes(sizes: Float64Array, rows: number): void {
    for (let row = 0; row < rows; row++) sizes[row] = (sizes[row] ?? 0) + this.#layout.bytes
  }

  append(from: number, to: number): void {
    const rows = this.#rows + to - from
    if (rows > this.#values.length) this.#grow(rows)
    copy(this.#values, this.#chunk, from, to, this.#rows)
    this.#validity.append(this.#chunkValidity, from, to)
    if (this.#chunkValidity !== undefined) this.#clearNulls(this.#chunkValidity, from, to)
    this.#rows = rows
  }

  take(): Column {
    const values = this.#values.subarray(0, this.#rows)
    this.#rows = 0
    return { layout: 'fixed', values, validity: this.#validity.take() }
  }

  /** What lies in place of a null is whatever was in memory; it must not get into a file. */
  #clearNulls(validity: Uint8Array, from: number, to: number): void {
    for (let row = from; row < to; row++) {
      if (isSet(validity, row)) continue
      const at = this.#rows + row - from
      this.#values.fill(zeroOf(this.#values), at, at + 1)
    }
  }

  #grow(rows: number): void {
    const larger = this.#layout.allocate(Math.max(rows, this.#values.length * 2))
    copy(larger, this.#values, 0, this.#rows, 0)
    this.#values = larger
  }
}

/** Typed arrays convert narrower numbers as they copy; the two kinds of number never meet. */
function copy(
  target: Values,
  source: ArrayLike<number> | ArrayLike<bigint>,
  from: number,
  to: number,
  at: number,
): void {
  const range = (source as Int32Array).subarray(from, to)
  ;(target as Int32Array).set(range, at)
}

function zeroOf(values: Values): never {
  return (values instanceof BigInt64Array || values instanceof BigUint64Array ? 0n : 0) as never
}

/** DuckDB's least value is one more than the SDK's. */
function readDates(vector: VectorHandle, rows: number): Int32Array {
  const days = numbersOf(Int32Array, vector, rows)
  if (!days.includes(MINUS_INFINITE_DATE + 1)) return days
  return days.map((day) => (day === MINUS_INFINITE_DATE + 1 ? MINUS_INFINITE_DATE : day))
}

function readMicros(vector: VectorHandle, rows: number): BigInt64Array {
  const micros = numbersOf(BigInt64Array, vector, rows)
  // Two halves of 32 bits are compared: making a bigint of each value would cost more than all the rest.
  const halves = numbersOf(Int32Array, vector, rows * 2)
  for (let row = 0; row < rows; row++) {
    if (halves[row * 2 + 1] !== -0x8000_0000 || halves[row * 2] !== 1) continue
    return micros.map((value) => (value === MINUS_INFINITE_TIMESTAMP + 1n ? MINUS_INFINITE_TIMESTAMP : value))
  }
  return micros
}

function toMicros(
  vector: VectorHandle,
  rows: number,
  validity: Uint8Array | undefined,
  convert: (value: bigint) => bigint,
): BigInt64Array {
  const values = numbersOf(BigInt64Array, vector, rows)
  return values.map((value, row) => {
    if (!isSet(validity, row)) return 0n
    if (value === -(MINUS_INFINITE_TIMESTAMP + 1n)) return value
    if (value === MINUS_INFINITE_TIMESTAMP + 1n) return MINUS_INFINITE_TIMESTAMP
    return convert(value)
  })
}
