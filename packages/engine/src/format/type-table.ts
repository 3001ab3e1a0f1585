import type { LogicalType, LogicalTypeName, OutputFormat, Value } from '@bulkhead/connector-sdk'

/** What values become in each format, as data: the reference is made of it, and a test holds it against the files. */

export type TableFormat = Exclude<OutputFormat, 'binary'>

/** How a logical type is kept. */
export interface KeptType {
  readonly type: LogicalType
  readonly value: Value
  /** The value as it stands in the file. */
  readonly csv: string
  readonly jsonl: string
  /** Type of the column, as the file states it. */
  readonly parquet: string
  readonly avro: string
  /** What the cell of the value is. */
  readonly xlsx: SheetCell
}

export type SheetCell = 'number' | 'boolean' | 'text' | 'date' | 'date and time' | 'date and time, Z'

function integer(bits: 8 | 16 | 32 | 64, unsigned = false): LogicalType {
  return { kind: 'integer', bits, ...(unsigned && { unsigned }) }
}

export const keptTypes: Readonly<Record<LogicalTypeName, KeptType>> = {
  boolean: {
    type: { kind: 'boolean' },
    value: true,
    csv: 'true',
    jsonl: 'true',
    parquet: 'BOOLEAN',
    avro: 'boolean',
    xlsx: 'boolean',
  },
  int8: {
    type: integer(8),
    value: -128,
    csv: '-128',
    jsonl: '-128',
    parquet: 'INT32, 8 bits',
    avro: 'int',
    xlsx: 'number',
  },
  int16: {
    type: integer(16),
    value: -32_768,
    csv: '-32768',
    jsonl: '-32768',
    parquet: 'INT32, 16 bits',
    avro: 'int',
    xlsx: 'number',
  },
  int32: {
    type: integer(32),
    value: -2_147_483_648,
    csv: '-2147483648',
    jsonl: '-2147483648',
    parquet: 'INT32',
    avro: 'int',
    xlsx: 'number',
  },
  int64: {
    type: integer(64),
    value: 999_999_999_999_999n,
    csv: '999999999999999',
    jsonl: '999999999999999',
    parquet: 'INT64',
    avro: 'long',
    xlsx: 'number',
  },
  uint8: {
    type: integer(8, true),
    value: 255,
    csv: '255',
    jsonl: '255',
    parquet: 'INT32, 8 bits unsigned',
    avro: 'int',
    xlsx: 'number',
  },
  uint16: {
    type: integer(16, true),
    value: 65_535,
    csv: '65535',
    jsonl: '65535',
    parquet: 'INT32, 16 bits unsigned',
    avro: 'int',
    xlsx: 'number',
  },
  uint32: {
    type: integer(32, true),
    value: 4_294_967_295,
    csv: '4294967295',
    jsonl: '4294967295',
    parquet: 'INT32, 32 bits unsigned',
    avro: 'long',
    xlsx: 'number',
  },
  uint64: {
    type: integer(64, true),
    value: 999_999_999_999_999n,
    csv: '999999999999999',
    jsonl: '999999999999999',
    parquet: 'INT64, 64 bits unsigned',
    avro: 'bytes, decimal(20,0)',
    xlsx: 'number',
  },
  float32: {
    type: { kind: 'float', bits: 32 },
    value: Math.fround(0.1),
    csv: '0.1',
    jsonl: '0.1',
    parquet: 'FLOAT',
    avro: 'float',
    xlsx: 'number',
  },
  float64: {
    type: { kind: 'float', bits: 64 },
    value: 0.1,
    csv: '0.1',
    jsonl: '0.1',
    parquet: 'DOUBLE',
    avro: 'double',
    xlsx: 'number',
  },
  'decimal(p,s)': {
    type: { kind: 'decimal', precision: 12, scale: 2 },
    value: '1234.50',
    csv: '1234.50',
    jsonl: '1234.50',
    parquet: 'DECIMAL(12,2)',
    avro: 'bytes, decimal(12,2)',
    xlsx: 'number',
  },
  decimal: {
    type: { kind: 'decimal' },
    value: '1234.50',
    csv: '1234.50',
    jsonl: '1234.50',
    parquet: 'STRING',
    avro: 'string',
    xlsx: 'number',
  },
  text: {
    type: { kind: 'text' },
    value: 'Zoë',
    csv: 'Zoë',
    jsonl: '"Zoë"',
    parquet: 'STRING',
    avro: 'string',
    xlsx: 'text',
  },
  binary: {
    type: { kind: 'binary' },
    value: Uint8Array.of(0, 255),
    csv: String.raw`\x00ff`,
    jsonl: String.raw`"\\x00ff"`,
    parquet: 'BYTE_ARRAY',
    avro: 'bytes',
    xlsx: 'text',
  },
  date: {
    type: { kind: 'date' },
    value: '2026-10-31',
    csv: '2026-10-31',
    jsonl: '"2026-10-31"',
    parquet: 'DATE',
    avro: 'int, date',
    xlsx: 'date',
  },
  timestamp: {
    type: { kind: 'timestamp', zoned: false },
    value: '2026-10-31 08:15:00.25',
    csv: '2026-10-31 08:15:00.25',
    jsonl: '"2026-10-31T08:15:00.25"',
    parquet: 'TIMESTAMP in microseconds',
    avro: 'long, local-timestamp-micros',
    xlsx: 'date and time',
  },
  instant: {
    type: { kind: 'timestamp', zoned: true },
    value: '2026-10-31 08:15:00.25+00',
    csv: '2026-10-31 08:15:00.25+00',
    jsonl: '"2026-10-31T08:15:00.25+00:00"',
    parquet: 'TIMESTAMP in microseconds, UTC',
    avro: 'long, timestamp-micros',
    xlsx: 'date and time, Z',
  },
  json: {
    type: { kind: 'json' },
    value: '{"a": 1}',
    csv: '"{""a"": 1}"',
    jsonl: '{"a": 1}',
    parquet: 'STRING',
    avro: 'string',
    xlsx: 'text',
  },
}

/** A value that not every format keeps in the way of its type. */
export interface SpecialValue {
  readonly title: string
  readonly type: LogicalType
  readonly value: Value
  readonly csv: string
  readonly jsonl: string
  /** Kept in the type of the column, or the code of the error; the error names column and row. */
  readonly parquet: 'kept' | 'parquet-value-out-of-range'
  readonly avro: 'kept' | 'avro-value-out-of-range'
  readonly xlsx: SheetCell | 'xlsx-limit-exceeded' | 'no cell'
}

const inBounds: LogicalType = { kind: 'decimal', precision: 20, scale: 2 }
const date: LogicalType = { kind: 'date' }
const timestamp: LogicalType = { kind: 'timestamp', zoned: false }
const kept = { parquet: 'kept', avro: 'kept' } as const
const refused = { parquet: 'parquet-value-out-of-range', avro: 'avro-value-out-of-range' } as const

export const specialValues: readonly SpecialValue[] = [
  { title: 'null', type: { kind: 'text' }, value: null, csv: '', jsonl: 'null', ...kept, xlsx: 'no cell' },
  { title: 'empty text', type: { kind: 'text' }, value: '', csv: '""', jsonl: '""', ...kept, xlsx: 'text' },
  {
    title: 'an integer of more than 15 digits',
    type: integer(64),
    value: 1_000_000_000_000_000n,
    csv: '1000000000000000',
    jsonl: '1000000000000000',
    ...kept,
    xlsx: 'text',
  },
  {
    title: 'a decimal of more than 15 digits',
    type: inBounds,
    value: '12345678901234.56',
    csv: '12345678901234.56',
    jsonl: '12345678901234.56',
    ...kept,
    xlsx: 'text',
  },
  {
    title: 'NaN, a float',
    type: { kind: 'float', bits: 64 },
    value: Number.NaN,
    csv: 'NaN',
    jsonl: '"NaN"',
    ...kept,
    xlsx: 'text',
  },
  {
    title: 'infinity, a float',
    type: { kind: 'float', bits: 64 },
    value: Number.POSITIVE_INFINITY,
    csv: 'Infinity',
    jsonl: '"Infinity"',
    ...kept,
    xlsx: 'text',
  },
  {
    title: 'NaN, a decimal(p,s)',
    type: inBounds,
    value: 'NaN',
    csv: 'NaN',
    jsonl: '"NaN"',
    ...refused,
    xlsx: 'text',
  },
  {
    title: 'NaN, a decimal',
    type: { kind: 'decimal' },
    value: 'NaN',
    csv: 'NaN',
    jsonl: '"NaN"',
    ...kept,
    xlsx: 'text',
  },
  {
    title: 'an infinite date',
    type: date,
    value: 'infinity',
    csv: 'infinity',
    jsonl: '"infinity"',
    ...refused,
    xlsx: 'text',
  },
  {
    title: 'an infinite timestamp',
    type: timestamp,
    value: '-infinity',
    csv: '-infinity',
    jsonl: '"-infinity"',
    ...refused,
    xlsx: 'text',
  },
  {
    title: 'a date before 1900-03-01, or after 9999-12-31',
    type: date,
    value: '1900-02-28',
    csv: '1900-02-28',
    jsonl: '"1900-02-28"',
    ...kept,
    xlsx: 'text',
  },
  {
    title: 'a date before Christ',
    type: date,
    value: '0044-03-15 BC',
    csv: '0044-03-15 BC',
    jsonl: '"0044-03-15 BC"',
    ...kept,
    xlsx: 'text',
  },
  {
    title: 'microseconds, until 2079-06-04',
    type: timestamp,
    value: '2079-06-04 23:59:59.999999',
    csv: '2079-06-04 23:59:59.999999',
    jsonl: '"2079-06-04T23:59:59.999999"',
    ...kept,
    xlsx: 'date and time',
  },
  {
    title: 'microseconds, from 2079-06-05 on',
    type: timestamp,
    value: '2079-06-05 00:00:00.000001',
    csv: '2079-06-05 00:00:00.000001',
    jsonl: '"2079-06-05T00:00:00.000001"',
    ...kept,
    xlsx: 'text',
  },
  {
    title: 'text of more than 32,767 characters',
    type: { kind: 'text' },
    value: 'x'.repeat(32_768),
    csv: 'x'.repeat(32_768),
    jsonl: `"${'x'.repeat(32_768)}"`,
    ...kept,
    xlsx: 'xlsx-limit-exceeded',
  },
]
