import type { LogicalType, Value } from '@bulkhead/connector-sdk'

/** A declared type, the JSON that an API sends, and what it becomes. */
export interface TypeSample {
  /** As a query declares it. */
  readonly type: string
  /** Its name in the table of types; default: the same. */
  readonly name?: string
  readonly becomes: LogicalType
  readonly values: readonly (readonly [json: string, value: Value])[]
}

const integer = (bits: 8 | 16 | 32 | 64, unsigned: boolean): TypeSample => {
  const least = unsigned ? 0n : -(2n ** BigInt(bits - 1))
  const most = unsigned ? 2n ** BigInt(bits) - 1n : 2n ** BigInt(bits - 1) - 1n
  const value = (whole: bigint): Value => (bits === 64 ? whole : Number(whole))
  return {
    type: `${unsigned ? 'unsigned' : 'integer'}${bits}`,
    becomes: unsigned ? { kind: 'integer', bits, unsigned } : { kind: 'integer', bits },
    values: [
      [`${least}`, value(least)],
      [`${most}`, value(most)],
      [`"${most}"`, value(most)],
      ['1e2', value(100n)],
      ['2.0', value(2n)],
      ['null', null],
    ],
  }
}

/** Every type, with its extremes. */
export const typeSamples: readonly TypeSample[] = [
  {
    type: 'boolean',
    becomes: { kind: 'boolean' },
    values: [
      ['true', true],
      ['false', false],
      ['null', null],
    ],
  },
  ...([8, 16, 32, 64] as const).flatMap((bits) => [integer(bits, false), integer(bits, true)]),
  {
    type: 'integer',
    becomes: { kind: 'integer', bits: 64 },
    values: [['9007199254740993', 9007199254740993n]],
  },
  {
    type: 'float',
    becomes: { kind: 'float', bits: 64 },
    values: [
      ['0.1', 0.1],
      ['-0', -0],
      ['1.7976931348623157e308', Number.MAX_VALUE],
      ['5e-324', 5e-324],
      ['"2.5"', 2.5],
      ['null', null],
    ],
  },
  { type: 'float64', becomes: { kind: 'float', bits: 64 }, values: [['1e-7', 1e-7]] },
  {
    type: 'float32',
    becomes: { kind: 'float', bits: 32 },
    values: [
      ['0.5', 0.5],
      ['3.4028234663852886e38', 3.4028234663852886e38],
    ],
  },
  {
    type: 'decimal',
    becomes: { kind: 'decimal' },
    values: [
      ['1.50', '1.50'],
      ['123456789012345678901234567890.123456789', '123456789012345678901234567890.123456789'],
      ['-12.5e3', '-12500'],
      ['1E-3', '0.001'],
      ['"0.10"', '0.10'],
      ['null', null],
    ],
  },
  {
    type: 'decimal(5,2)',
    name: 'decimal(p,s)',
    becomes: { kind: 'decimal', precision: 5, scale: 2 },
    values: [
      ['999.99', '999.99'],
      ['-0.05', '-0.05'],
      ['1.5000', '1.5000'],
      ['7', '7'],
    ],
  },
  {
    type: 'text',
    becomes: { kind: 'text' },
    values: [
      [String.raw`"a\n\"b\" \u00e9 \ud83d\ude00 漢 \u0000"`, 'a\n"b" é 😀 漢 \u0000'],
      ['""', ''],
      ['"null"', 'null'],
      ['12.50', '12.50'],
      ['true', 'true'],
      ['null', null],
    ],
  },
  {
    type: 'binary',
    becomes: { kind: 'binary' },
    values: [
      ['"AP8Q"', Uint8Array.of(0, 255, 16)],
      ['"_-8="', Uint8Array.of(255, 239)],
      ['""', new Uint8Array()],
      ['null', null],
    ],
  },
  {
    type: 'date',
    becomes: { kind: 'date' },
    values: [
      ['"2026-10-31"', '2026-10-31'],
      ['"2024-02-29"', '2024-02-29'],
      ['"0001-01-01"', '0001-01-01'],
      ['"9999-12-31"', '9999-12-31'],
      ['null', null],
    ],
  },
  {
    type: 'timestamp',
    becomes: { kind: 'timestamp', zoned: false },
    values: [
      ['"2026-10-31T08:15:00.25"', '2026-10-31 08:15:00.25'],
      ['"0001-01-01 00:00"', '0001-01-01 00:00:00'],
      ['"9999-12-31T23:59:59.999999"', '9999-12-31 23:59:59.999999'],
      ['null', null],
    ],
  },
  {
    type: 'timestamptz',
    becomes: { kind: 'timestamp', zoned: true },
    values: [
      ['"2026-10-31T08:15:00+02:00"', '2026-10-31 06:15:00+00'],
      ['"1969-12-31T23:59:59.000001Z"', '1969-12-31 23:59:59.000001+00'],
      ['"2016-12-31T23:59:60Z"', '2017-01-01 00:00:00+00'],
      ['"2026-10-31T24:00:00-0130"', '2026-11-01 01:30:00+00'],
      ['null', null],
    ],
  },
  {
    type: 'epoch-seconds',
    becomes: { kind: 'timestamp', zoned: true },
    values: [
      ['1793427300.000001', '2026-10-31 06:15:00.000001+00'],
      ['-1', '1969-12-31 23:59:59+00'],
      ['"0"', '1970-01-01 00:00:00+00'],
    ],
  },
  {
    type: 'epoch-milliseconds',
    becomes: { kind: 'timestamp', zoned: true },
    values: [
      ['1.5', '1970-01-01 00:00:00.0015+00'],
      ['1e3', '1970-01-01 00:00:01+00'],
    ],
  },
  {
    type: 'json',
    becomes: { kind: 'json' },
    values: [
      ['{ "a" : [ 1.50, 9007199254740993 ] }', '{"a":[1.50,9007199254740993]}'],
      ['"a b"', '"a b"'],
      ['[]', '[]'],
      ['null', null],
    ],
  },
]
