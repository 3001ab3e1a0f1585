/**
 * What a value is, apart from how it is laid out. A source states the type of every column; formats
 * decide by it how the value looks in CSV, JSON Lines, Parquet, Avro or Excel.
 */

export type LogicalType =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'integer'; readonly bits: 8 | 16 | 32 | 64; readonly unsigned?: boolean }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  /** Exact decimal text; without `precision` it has no bound, and may be `NaN` or `Infinity`. */
  | { readonly kind: 'decimal'; readonly precision?: number; readonly scale?: number }
  | { readonly kind: 'text' }
  | { readonly kind: 'binary' }
  /** Days since 1970-01-01, proleptic Gregorian calendar. */
  | { readonly kind: 'date' }
  /** Microseconds since 1970-01-01T00:00:00; `zoned` when the value is an instant (then in UTC). */
  | { readonly kind: 'timestamp'; readonly zoned: boolean }
  /** Text that is one JSON value; nested values (arrays, records, documents) travel so. */
  | { readonly kind: 'json' }

/** A column of a result. */
export interface Field {
  readonly name: string
  readonly type: LogicalType
  /** False only when the source is sure. */
  readonly nullable: boolean
  /** How false and true read in CSV; default `false`, `true`. PostgreSQL says `f`, `t`. */
  readonly booleanText?: readonly [no: string, yes: string]
  /**
   * The value, of kind `json`, is the whole record. When it is the only column, JSON Lines writes the
   * value itself as the line, and not an object around it.
   */
  readonly isRecord?: true
  /** The source's own name of the type, for `plan`, `preview` and messages: `timestamptz`, `STRUCT(a INTEGER)`. */
  readonly sourceType?: string
}

/**
 * A value as the application's code sees it.
 *
 * | type | value |
 * |---|---|
 * | boolean | boolean |
 * | integer up to 32 bits | number |
 * | integer of 64 bits | bigint |
 * | float | number |
 * | decimal | string, exact |
 * | text | string |
 * | binary | Uint8Array |
 * | date | string, `2026-10-31`; also `infinity`, `-infinity`, `0044-03-15 BC` |
 * | timestamp | string, `2026-10-31 08:15:00.25`, zoned `2026-10-31 08:15:00.25+00` |
 * | json | string, the JSON text |
 */
export type Value = null | boolean | number | bigint | string | Uint8Array

export type Row = Record<string, Value>
