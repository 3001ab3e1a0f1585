import type { Field, Row } from './types.ts'

/**
 * The three forms in which a source yields its data, best first. The planner chooses one that both
 * the source can yield and the output can take; the engine converts.
 */
export type Form = 'bytes' | 'columns' | 'rows'

/** Bytes that are already in the output's format, without header. A batch ends where a row ends. */
export interface BytesBatch {
  readonly form: 'bytes'
  readonly bytes: Uint8Array
  /** Rows in `bytes`; null when nobody looked (a file copied as it is). */
  readonly rows: number | null
  /** Copying several files: the one these bytes belong to. A change of name begins the next file. */
  readonly file?: string
}

/** Columns in Arrow's layout; all have `rows` values, in the order of the extract's fields. */
export interface ColumnsBatch {
  readonly form: 'columns'
  readonly rows: number
  readonly columns: readonly Column[]
  /** What the batch holds in memory, roughly. At most `ReadOptions.batchBytes`, a single larger row apart. */
  readonly bytes: number
}

/** Plain objects, by field name: what a new connector yields first. */
export interface RowsBatch {
  readonly form: 'rows'
  readonly rows: readonly Row[]
}

export type Batch = BytesBatch | ColumnsBatch | RowsBatch

/**
 * The values of one column. The layout follows from the field's type:
 *
 * | type | layout |
 * |---|---|
 * | boolean | `Uint8Array`, 0 or 1 a row |
 * | integer 8, 16, 32 bits | `Int32Array` (`Uint32Array` when unsigned) |
 * | integer 64 bits | `BigInt64Array` (`BigUint64Array` when unsigned) |
 * | float | `Float32Array`, `Float64Array` |
 * | date | `Int32Array`; the largest and smallest value are `infinity` and `-infinity` |
 * | timestamp | `BigInt64Array`; the largest and smallest value are `infinity` and `-infinity` |
 * | decimal, text, json | UTF-8 bytes with offsets |
 * | binary | bytes with offsets |
 */
export type Column = FixedColumn | VariableColumn

export interface FixedColumn {
  readonly layout: 'fixed'
  readonly values:
    | Uint8Array
    | Int32Array
    | Uint32Array
    | BigInt64Array
    | BigUint64Array
    | Float32Array
    | Float64Array
  /** One bit a row, least significant first, 1 = there is a value; undefined when there are no nulls. */
  readonly validity: Uint8Array | undefined
}

export interface VariableColumn {
  readonly layout: 'variable'
  /** Row r is `bytes.subarray(offsets[r], offsets[r + 1])`; rows + 1 entries. */
  readonly offsets: Int32Array
  readonly bytes: Uint8Array
  readonly validity: Uint8Array | undefined
}

/** Whether row `row` of the column holds a value. */
export function isValid(column: Column, row: number): boolean {
  return column.validity === undefined || ((column.validity[row >> 3] ?? 0) & (1 << (row & 7))) !== 0
}

export const INFINITE_DATE = 2_147_483_647
export const MINUS_INFINITE_DATE = -2_147_483_648
export const INFINITE_TIMESTAMP = 9_223_372_036_854_775_807n
export const MINUS_INFINITE_TIMESTAMP = -9_223_372_036_854_775_808n

/** The fields of a result, with the names that occur more than once. */
export function duplicateNames(fields: readonly Field[]): string[] {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const { name } of fields) (seen.has(name) ? twice : seen).add(name)
  return [...twice]
}
