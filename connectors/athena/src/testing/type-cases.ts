import type { LogicalType, Value } from '@bulkhead/connector-sdk'
import type { TypeCase } from '@bulkhead/connector-sdk/testing'
import type { FakeColumn, FakeQuery } from './fake-results.ts'

/** A type as in the table of types, what it becomes, each value as Athena writes it and as it is read, and its column. */
type Case = readonly [
  type: string,
  becomes: LogicalType,
  values: readonly (readonly [written: string | null, read: Value])[],
  column?: Partial<FakeColumn>,
]

const text = { kind: 'text' } as const
const asIs = (...values: readonly string[]) => values.map((value) => [value, value] as const)

/** Written as the documentation of Athena and Trino has them, not taken from Athena itself. */
const cases: readonly Case[] = [
  [
    'boolean',
    { kind: 'boolean' },
    [
      ['true', true],
      ['false', false],
      [null, null],
    ],
  ],
  [
    'tinyint',
    { kind: 'integer', bits: 8 },
    [
      ['-128', -128],
      ['127', 127],
    ],
  ],
  [
    'smallint',
    { kind: 'integer', bits: 16 },
    [
      ['-32768', -32768],
      ['32767', 32767],
    ],
  ],
  [
    'integer',
    { kind: 'integer', bits: 32 },
    [
      ['-2147483648', -2147483648],
      ['2147483647', 2147483647],
    ],
  ],
  [
    'bigint',
    { kind: 'integer', bits: 64 },
    [
      ['-9223372036854775808', -9223372036854775808n],
      ['9223372036854775807', 9223372036854775807n],
    ],
  ],
  [
    'float',
    { kind: 'float', bits: 32 },
    [
      ['0.1', Math.fround(0.1)],
      ['3.4028235E38', 3.4028234663852886e38],
      ['NaN', Number.NaN],
      ['-Infinity', -Infinity],
    ],
  ],
  [
    'double',
    { kind: 'float', bits: 64 },
    [
      ['0.1', 0.1],
      ['1.7976931348623157E308', Number.MAX_VALUE],
      ['4.9E-324', 5e-324],
      ['Infinity', Infinity],
    ],
  ],
  [
    'decimal(p,s)',
    { kind: 'decimal', precision: 38, scale: 10 },
    asIs('9999999999999999999999999999.9999999999', '-0.0000000001', '1.1000000000'),
    { type: 'decimal', precision: 38, scale: 10 },
  ],
  ['varchar', text, [...asIs('', ' ', 'a"b', 'a\r\nb,c', 'null', 'NULL', '\u0001é𝄞'), [null, null]]],
  ['char(n)', text, asIs('a  '), { type: 'char' }],
  ['string', text, asIs('a')],
  ['int', { kind: 'integer', bits: 32 }, [['0', 0]]],
  ['real', { kind: 'float', bits: 32 }, [['1.5', 1.5]]],
  [
    'varbinary',
    { kind: 'binary' },
    [
      ['00 ff 10', Uint8Array.of(0, 255, 16)],
      ['', new Uint8Array()],
      [null, null],
    ],
  ],
  ['date', { kind: 'date' }, asIs('0001-01-01', '1582-10-10', '2026-10-31', '9999-12-31')],
  [
    'timestamp',
    { kind: 'timestamp', zoned: false },
    [
      ['2026-10-31 08:15:00.000', '2026-10-31 08:15:00'],
      ['0001-01-01 00:00:00.250', '0001-01-01 00:00:00.25'],
      ['9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999'],
      ['2026-10-31 08:15:00.123456000', '2026-10-31 08:15:00.123456'],
    ],
  ],
  [
    'timestamp with time zone',
    { kind: 'timestamp', zoned: true },
    [
      ['2026-10-31 08:15:00.250 UTC', '2026-10-31 08:15:00.25+00'],
      ['2026-10-31 00:15:00.000001 +05:30', '2026-10-30 18:45:00.000001+00'],
      ['2026-10-31 23:15:00.000 -01:00', '2026-11-01 00:15:00+00'],
    ],
  ],
  ['json', { kind: 'json' }, asIs('{"a":1.10}', '"a"', 'null')],
  ['array', text, asIs('[a, b]', '[]')],
  ['map', text, asIs('{a=1}')],
  ['row', text, asIs('{a=1, b=null}')],
  ['time', text, asIs('08:15:00.000')],
  ['time with time zone', text, asIs('08:15:00.000+01:00')],
  ['interval', text, asIs('2 00:00:00.000'), { type: 'interval day to second' }],
  ['geometry', text, asIs('POINT (1 2)')],
  ['uuid', text, asIs('12151fd2-7586-11e9-8f9e-2a86e4085a59')],
  ['ipaddress', text, asIs('2001:db8::1')],
  ['unknown', text, [[null, null]]],
]

const queryOf = (type: string): string => `SELECT value FROM types WHERE type = '${type}'`

export const typeQueries: readonly (readonly [sql: string, query: FakeQuery])[] = cases.map(
  ([type, , values, column]) => [
    queryOf(type),
    { columns: [{ name: 'value', type, ...column }], rows: values.map(([written]) => [written]) },
  ],
)

export const typeCases: readonly TypeCase[] = cases.map(([type, becomes, values]) => ({
  type,
  query: queryOf(type),
  becomes,
  values: values.map(([, read]) => read),
}))
