import type { Field, LogicalType, Row } from '@bulkhead/connector-sdk'

/** A field whose name is all that matters beside its type. */
export function field(name: string, type: LogicalType): Field {
  return { name, type, nullable: true }
}

/** Every type there is, and the values of it that are hard to write. */
export const allTypes: readonly Field[] = [
  { ...field('flag', { kind: 'boolean' }), booleanText: ['f', 't'] },
  field('tiny', { kind: 'integer', bits: 8 }),
  field('small', { kind: 'integer', bits: 16 }),
  field('whole', { kind: 'integer', bits: 32 }),
  field('wide', { kind: 'integer', bits: 64 }),
  field('count', { kind: 'integer', bits: 32, unsigned: true }),
  field('huge', { kind: 'integer', bits: 64, unsigned: true }),
  field('single', { kind: 'float', bits: 32 }),
  field('double', { kind: 'float', bits: 64 }),
  field('price', { kind: 'decimal', precision: 20, scale: 4 }),
  field('exact', { kind: 'decimal' }),
  field('words', { kind: 'text' }),
  field('bytes', { kind: 'binary' }),
  field('day', { kind: 'date' }),
  field('local', { kind: 'timestamp', zoned: false }),
  field('instant', { kind: 'timestamp', zoned: true }),
  field('document', { kind: 'json' }),
]

const nulls: Row = Object.fromEntries(allTypes.map(({ name }) => [name, null]))

/** Rows of `allTypes`, as the application's code sees them. */
export const hardRows: readonly Row[] = [
  {
    flag: true,
    tiny: -128,
    small: 32_767,
    whole: -2_147_483_648,
    wide: -9_223_372_036_854_775_808n,
    count: 4_294_967_295,
    huge: 18_446_744_073_709_551_615n,
    single: Math.fround(0.1),
    double: 1e20,
    price: '1234567890123456.7890',
    exact: '123456789012345678901234567890.123456789',
    words: 'plain',
    bytes: Uint8Array.of(0, 255, 16),
    day: '2026-10-31',
    local: '2026-10-31 08:15:00.25',
    instant: '2026-10-31 08:15:00.000001+00',
    document: '{"a": [1, 2.50, "x\\ny"], "b": null}',
  },
  nulls,
  {
    flag: false,
    tiny: 127,
    small: -32_768,
    whole: 2_147_483_647,
    wide: 9_223_372_036_854_775_807n,
    count: 0,
    huge: 0n,
    single: Math.fround(-1.5e-10),
    double: 0.00001,
    price: '-0.0001',
    exact: '0.10',
    words: '',
    bytes: new Uint8Array(0),
    day: '0044-03-15 BC',
    local: '0001-01-01 00:00:00 BC',
    instant: '0001-12-31 23:59:59.999999+00 BC',
    document: '[\n  1,\r\n  "\u2028"\n]',
  },
  {
    ...nulls,
    double: -0,
    single: -0,
    words: 'comma, "quote"\r\nline\ttab \\ back \u0001 \u007f \u2028 é 漢 😀',
    wide: 9_007_199_254_740_993n,
    huge: 9_007_199_254_740_993n,
    day: '10000-01-01',
    local: '294246-12-31 23:59:59.999999',
    exact: '-1000000000000000000000',
    document: '"text"',
  },
  {
    ...nulls,
    words: '\\.',
    double: 123_456_789_012_345,
    single: 1_000_000,
    instant: '1969-12-31 23:59:59.9+00',
  },
]

/** What has no place in Parquet. */
export const infiniteRows: readonly Row[] = [
  {
    ...nulls,
    single: Number.NaN,
    double: Number.POSITIVE_INFINITY,
    exact: 'NaN',
    day: 'infinity',
    local: '-infinity',
    instant: 'infinity',
  },
  { ...nulls, single: Number.NEGATIVE_INFINITY, double: Number.NaN, exact: '-Infinity', day: '-infinity' },
]
