import type { LogicalType, Value } from '@bulkhead/connector-sdk'
import type { TypeCase } from '@bulkhead/connector-sdk/testing'

/** A value of a type: how SQL writes it, and what comes out of it. */
type Sample = readonly [sql: string, becomes: Value]

function of(type: string, becomes: LogicalType, ...samples: readonly Sample[]): TypeCase {
  const cast = type.replace('(p,s)', '(9,2)').replace('(n)', '(5)')
  const rows = [...samples, ['NULL', null] as const].map(([sql], index) => `(${index}, ${sql}::${cast})`)
  return {
    type,
    becomes,
    query: `SELECT value FROM (VALUES ${rows.join(', ')}) AS sample (at, value) ORDER BY at`,
    values: [...samples.map(([, value]) => value), null],
  }
}

const text: LogicalType = { kind: 'text' }
const json: LogicalType = { kind: 'json' }
const timestamp = (zoned: boolean): LogicalType => ({ kind: 'timestamp', zoned })

/** Every type of the table in `types.ts`, with its extremes. */
export const typeCases: readonly TypeCase[] = [
  of('boolean', { kind: 'boolean' }, ['true', true], ['false', false]),
  of('smallint', { kind: 'integer', bits: 16 }, [`'-32768'`, -32_768], ['32767', 32_767]),
  of(
    'integer',
    { kind: 'integer', bits: 32 },
    [`'-2147483648'`, -2_147_483_648],
    ['2147483647', 2_147_483_647],
  ),
  of(
    'bigint',
    { kind: 'integer', bits: 64 },
    [`'-9223372036854775808'`, -9_223_372_036_854_775_808n],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
  ),
  of(
    'real',
    { kind: 'float', bits: 32 },
    ['1.5', 1.5],
    [`'NaN'`, NaN],
    [`'-Infinity'`, -Infinity],
    [`'1e-45'`, 2 ** -149],
  ),
  of(
    'double precision',
    { kind: 'float', bits: 64 },
    ['0.1', 0.1],
    [`'5e-324'`, 5e-324],
    [`'1.7976931348623157e308'`, Number.MAX_VALUE],
    [`'Infinity'`, Infinity],
  ),
  of(
    'numeric(p,s)',
    { kind: 'decimal', precision: 9, scale: 2 },
    ['1.1', '1.10'],
    [`'-9999999.99'`, '-9999999.99'],
    [`'NaN'`, 'NaN'],
  ),
  of(
    'numeric',
    { kind: 'decimal' },
    ['1e-20', '0.00000000000000000001'],
    [`'123456789012345678901234567890.5'`, '123456789012345678901234567890.5'],
    [`'-Infinity'`, '-Infinity'],
  ),
  of('text', text, [`''`, ''], [`'ünï "漢字", 😀'`, 'ünï "漢字", 😀'], [`E'a\\r\\nb'`, 'a\r\nb']),
  of('character varying(n)', text, [`'12345'`, '12345']),
  of('character(n)', text, [`'a'`, 'a    ']),
  of('name', text, [`'a name'`, 'a name']),
  of('uuid', text, [`'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']),
  of('bytea', { kind: 'binary' }, [`''`, new Uint8Array()], [`'\\x00ff0a22'`, Uint8Array.of(0, 255, 10, 34)]),
  of(
    'date',
    { kind: 'date' },
    [`'2026-10-31'`, '2026-10-31'],
    [`'4713-11-24 BC'`, '4713-11-24 BC'],
    [`'infinity'`, 'infinity'],
  ),
  of(
    'timestamp without time zone',
    timestamp(false),
    [`'1969-12-31 23:59:59.999999'`, '1969-12-31 23:59:59.999999'],
    [`'-infinity'`, '-infinity'],
  ),
  of(
    'timestamp with time zone',
    timestamp(true),
    [`'2026-10-31 09:15:00.25+01'`, '2026-10-31 08:15:00.25+00'],
    [`'infinity'`, 'infinity'],
  ),
  of('json', json, [`'{"a": 1.0}'`, '{"a": 1.0}']),
  of('jsonb', json, [`'{"b":1e2,"a":"é"}'`, '{"a": "é", "b": 100}']),
  of('integer[]', json, [`'{1,NULL,-3}'`, '[1,null,-3]'], [`'{}'`, '[]']),
  of('text[][]', json, [`'{{a,"b c"},{NULL,""}}'`, '[["a","b c"],[null,""]]']),
  of('time without time zone', text, [`'08:15:00.25'`, '08:15:00.25'], [`'24:00'`, '24:00:00']),
  of('time with time zone', text, [`'08:15:00.000001-05:30'`, '08:15:00.000001-05:30']),
  of('interval', text, [`'1 year 2 mons -3 days 04:05:06.7'`, '1 year 2 mons -3 days +04:05:06.7']),
  of('money', text, [`'12.5'`, '$12.50']),
  of('oid', text, [`'4294967295'`, '4294967295']),
  of('"char"', text, [`'x'`, 'x']),
  of('xml', text, [`'<a>é</a>'`, '<a>é</a>']),
  of('inet', text, [`'10.1.2.3/8'`, '10.1.2.3/8']),
  of('cidr', text, [`'10.0.0.0/8'`, '10.0.0.0/8']),
  of('macaddr', text, [`'08-00-2b-01-02-03'`, '08:00:2b:01:02:03']),
  of('bit(n)', text, [`B'10101'`, '10101']),
  of('point', text, [`'(1.5,-2)'`, '(1.5,-2)']),
  of('tsvector', text, [`'a fat cat'`, `'a' 'cat' 'fat'`]),
  of('int4range', text, [`'[1,3]'`, '[1,4)']),
  of('daterange', text, [`'[2026-01-01,2026-02-01)'`, '[2026-01-01,2026-02-01)']),
]
