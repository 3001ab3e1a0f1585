import type { LogicalType, Value } from '@bulkhead/connector-sdk'
import type { TypeCase } from '@bulkhead/connector-sdk/testing'

/** A value of a type: how a file writes it, and what comes out of it. */
type Sample = readonly [written: string, becomes: Value]

const contents = new Map<string, string>()

/** Files that the cases read, by name. */
export const typeFiles: ReadonlyMap<string, string> = contents

function of(type: string, becomes: LogicalType, ...samples: readonly Sample[]): TypeCase {
  const path = `type-${type.replaceAll(/\W/g, '')}.csv`
  contents.set(path, ['value', ...samples.map(([written]) => written), '\\N', ''].join('\n'))
  return {
    type,
    becomes,
    query: {
      path,
      format: { type: 'delimited', delimiter: '|', quote: '' },
      columns: [{ name: 'value', type: type.replace('(p,s)', '(9,2)') }],
      nullTexts: ['\\N'],
    },
    values: [...samples.map(([, value]) => value), null],
  }
}

const integer = (bits: 8 | 16 | 32 | 64): LogicalType => ({ kind: 'integer', bits })

/** Every type of the table in `types.ts`, with its extremes. */
export const typeCases: readonly TypeCase[] = [
  of('text', { kind: 'text' }, ['007', '007'], [' é😀 ', ' é😀 ']),
  of('boolean', { kind: 'boolean' }, ['true', true], ['false', false]),
  of('integer8', integer(8), ['-128', -128], ['127', 127]),
  of('integer16', integer(16), ['-32768', -32_768], ['32767', 32_767]),
  of('integer32', integer(32), ['-2147483648', -2_147_483_648], ['2147483647', 2_147_483_647]),
  of(
    'integer',
    integer(64),
    ['-9223372036854775808', -9_223_372_036_854_775_808n],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
    ['007', 7n],
    ['7-', -7n],
  ),
  of('unsigned64', { kind: 'integer', bits: 64, unsigned: true }, [
    '18446744073709551615',
    18_446_744_073_709_551_615n,
  ]),
  of('float', { kind: 'float', bits: 64 }, ['0.1', 0.1], ['-1e300', -1e300]),
  of(
    'decimal(p,s)',
    { kind: 'decimal', precision: 9, scale: 2 },
    ['1.10', '1.10'],
    ['-9999999.99', '-9999999.99'],
  ),
  of(
    'decimal',
    { kind: 'decimal' },
    ['123456789012345678901234567890.123456789', '123456789012345678901234567890.123456789'],
    ['12e2', '1200'],
    ['.5-', '-0.5'],
  ),
  of('date', { kind: 'date' }, ['0001-01-01', '0001-01-01'], ['9999-12-31', '9999-12-31']),
  of(
    'timestamp',
    { kind: 'timestamp', zoned: false },
    ['2026-10-31T08:15:00.000001', '2026-10-31 08:15:00.000001'],
    ['0001-01-01 00:00', '0001-01-01 00:00:00'],
  ),
  of(
    'timestamptz',
    { kind: 'timestamp', zoned: true },
    ['2026-10-31T08:15:00.25+02:00', '2026-10-31 06:15:00.25+00'],
    ['1969-12-31T23:59:59Z', '1969-12-31 23:59:59+00'],
  ),
  of('json', { kind: 'json' }, ['{"a":[1.10]}', '{"a":[1.10]}']),
]
