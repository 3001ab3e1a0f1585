import type { LogicalType, Value } from '@bulkhead/connector-sdk'
import type { TypeCase } from '@bulkhead/connector-sdk/testing'

/** A value of a type: how SQL writes it, and what comes out of it. */
type Sample = readonly [sql: string, becomes: Value]

function of(type: string, becomes: LogicalType, ...samples: readonly Sample[]): TypeCase {
  const cast = type.replace('(p,s)', '(9,2)')
  const rows = [...samples, ['NULL', null] as const].map(
    ([sql], index) => `(${index}, CAST(${sql} AS ${cast}))`,
  )
  return {
    type,
    becomes,
    query: `SELECT value FROM (VALUES ${rows.join(', ')}) AS sample (place, value) ORDER BY place`,
    values: [...samples.map(([, value]) => value), null],
  }
}

const integer = (bits: 8 | 16 | 32 | 64): LogicalType => ({ kind: 'integer', bits })
const unsigned = (bits: 8 | 16 | 32 | 64): LogicalType => ({ kind: 'integer', bits, unsigned: true })
const vast: LogicalType = { kind: 'decimal', precision: 39, scale: 0 }
const text: LogicalType = { kind: 'text' }
const json: LogicalType = { kind: 'json' }
const timestamp: LogicalType = { kind: 'timestamp', zoned: false }

/** Every type of the table in `types.ts`, with its extremes. */
export const typeCases: readonly TypeCase[] = [
  of('BOOLEAN', { kind: 'boolean' }, ['true', true], ['false', false]),
  of('TINYINT', integer(8), ['-128', -128], ['127', 127]),
  of('SMALLINT', integer(16), ['-32768', -32_768], ['32767', 32_767]),
  of('INTEGER', integer(32), ['-2147483648', -2_147_483_648], ['2147483647', 2_147_483_647]),
  of(
    'BIGINT',
    integer(64),
    ['-9223372036854775808', -9_223_372_036_854_775_808n],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
  ),
  of('UTINYINT', unsigned(8), ['0', 0], ['255', 255]),
  of('USMALLINT', unsigned(16), ['65535', 65_535]),
  of('UINTEGER', unsigned(32), ['4294967295', 4_294_967_295]),
  of('UBIGINT', unsigned(64), ['18446744073709551615', 18_446_744_073_709_551_615n]),
  of('FLOAT', { kind: 'float', bits: 32 }, ['1.5', 1.5], [`'NaN'`, NaN], [`'-Infinity'`, -Infinity]),
  of('DOUBLE', { kind: 'float', bits: 64 }, ['0.1', 0.1], [`'5e-324'`, 5e-324], [`'Infinity'`, Infinity]),
  of(
    'DECIMAL(p,s)',
    { kind: 'decimal', precision: 9, scale: 2 },
    ['1.1', '1.10'],
    ['-9999999.99', '-9999999.99'],
  ),
  of('HUGEINT', vast, [
    '-170141183460469231731687303715884105728',
    '-170141183460469231731687303715884105728',
  ]),
  of('UHUGEINT', vast, [
    `'340282366920938463463374607431768211455'`,
    '340282366920938463463374607431768211455',
  ]),
  of('BIGNUM', { kind: 'decimal' }, [`'-${'9'.repeat(60)}'`, `-${'9'.repeat(60)}`]),
  of('VARCHAR', text, [`''`, ''], [`'ünï "漢字", 😀'`, 'ünï "漢字", 😀']),
  of('UUID', text, [`'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']),
  of('BIT', text, [`'10101'`, '10101']),
  of('INTERVAL', text, [`'1 year 2 months -3 days 04:05:06.7'`, '1 year 2 months -3 days 04:05:06.7']),
  of('TIME', text, [`'08:15:00.25'`, '08:15:00.25']),
  of('TIME_NS', text, [`'08:15:00.123456789'`, '08:15:00.123456789']),
  of('TIME WITH TIME ZONE', text, [`'08:15:00.000001-05:30'`, '08:15:00.000001-05:30']),
  of('BLOB', { kind: 'binary' }, [`''`, new Uint8Array()], [`'\\x00\\xFF\\x0A'`, Uint8Array.of(0, 255, 10)]),
  of('GEOMETRY', { kind: 'binary' }, [
    `'POINT (1 2)'`,
    Uint8Array.from(Buffer.from('0101000000000000000000f03f0000000000000040', 'hex')),
  ]),
  of('DATE', { kind: 'date' }, [`'2026-10-31'`, '2026-10-31'], [`'infinity'`, 'infinity']),
  of('TIMESTAMP', timestamp, [`'1969-12-31 23:59:59.999999'`, '1969-12-31 23:59:59.999999']),
  of('TIMESTAMP_S', timestamp, [`'2026-10-31 08:15:00'`, '2026-10-31 08:15:00']),
  of('TIMESTAMP_MS', timestamp, [`'2026-10-31 08:15:00.123'`, '2026-10-31 08:15:00.123']),
  of('TIMESTAMP_NS', timestamp, [`'2026-10-31 08:15:00.123456'`, '2026-10-31 08:15:00.123456']),
  of('TIMESTAMP WITH TIME ZONE', { kind: 'timestamp', zoned: true }, [
    `'2026-10-31 09:15:00.25+01'`,
    '2026-10-31 08:15:00.25+00',
  ]),
  of('INTEGER[]', json, ['[1, NULL, -3]', '[1,null,-3]'], ['[]', '[]']),
  of('INTEGER[3]', json, ['[1, 2, 3]', '[1,2,3]']),
  of('STRUCT(a INTEGER)', json, ['{ a: 1 }', '{"a":1}']),
  of('MAP(VARCHAR, INTEGER)', json, [`MAP { 'a': 1 }`, '{"a":1}']),
  of('UNION(a INTEGER)', json, ['union_value(a := 1)', '{"a":1}']),
  of('JSON', json, [`'{"a": 1.0}'`, '{"a": 1.0}']),
]
