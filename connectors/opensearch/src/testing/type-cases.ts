import type { LogicalType, Value } from '@bulkhead/connector-sdk'
import type { TypeCase } from '@bulkhead/connector-sdk/testing'
import { type OpenSearchServer, request } from '../../../../test/support/opensearch.ts'

/** A value of a type: as JSON of a document, and what comes out of it. */
type Sample = readonly [json: string, becomes: Value]

interface MappedCase {
  readonly type: string
  readonly mapping: Readonly<Record<string, unknown>>
  readonly becomes: LogicalType
  readonly samples: readonly Sample[]
}

function of(type: string, becomes: LogicalType, ...samples: readonly Sample[]): MappedCase {
  return { type, mapping: { type }, becomes, samples }
}

const text: LogicalType = { kind: 'text' }
const json: LogicalType = { kind: 'json' }
const instant: LogicalType = { kind: 'timestamp', zoned: true }

/** Values of the type `json` come out as they went in. */
function asJson(type: string, ...values: readonly string[]): MappedCase {
  return of(type, json, ...values.map((value): Sample => [value, value]))
}

const texts: readonly Sample[] = [
  ['""', ''],
  ['"Ada \\"Lovelace\\""', 'Ada "Lovelace"'],
  ['"a\\u00e9\\/\\ud83d\\ude00"', 'aé/😀'],
  ['1.10', '1.10'],
  ['true', 'true'],
]
const floats: readonly Sample[] = [
  ['0.1', 0.1],
  ['1.10', 1.1],
  ['-2.5e-3', -0.0025],
  ['"7"', 7],
  ['0.30000000000000004', 0.1 + 0.2],
]

const cases: readonly MappedCase[] = [
  of('text', text, ...texts),
  of('keyword', text, ...texts),
  of('wildcard', text, ...texts),
  of('match_only_text', text, ...texts),
  of('search_as_you_type', text, ...texts),
  {
    ...of('constant_keyword', text, ['"same"', 'same']),
    mapping: { type: 'constant_keyword', value: 'same' },
  },
  of('ip', text, ['"10.1.2.3"', '10.1.2.3'], ['"2001:db8::1"', '2001:db8::1']),
  of('boolean', { kind: 'boolean' }, ['true', true], ['false', false], ['"true"', true], ['""', false]),
  of('byte', { kind: 'integer', bits: 8 }, ['-128', -128], ['127', 127]),
  of('short', { kind: 'integer', bits: 16 }, ['-32768', -32_768], ['"32767"', 32_767]),
  of(
    'integer',
    { kind: 'integer', bits: 32 },
    ['-2147483648', -2_147_483_648],
    ['2147483647.0', 2_147_483_647],
  ),
  of(
    'long',
    { kind: 'integer', bits: 64 },
    ['-9223372036854775808', -9_223_372_036_854_775_808n],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
    ['1e3', 1000n],
  ),
  of(
    'unsigned_long',
    { kind: 'integer', bits: 64, unsigned: true },
    ['0', 0n],
    ['18446744073709551615', 18_446_744_073_709_551_615n],
  ),
  of('double', { kind: 'float', bits: 64 }, ...floats, ['1.7976931348623157e308', Number.MAX_VALUE]),
  of('float', { kind: 'float', bits: 64 }, ...floats),
  of('half_float', { kind: 'float', bits: 64 }, ...floats),
  {
    ...of('scaled_float', { kind: 'decimal' }, ['1.10', '1.10'], ['-0.05', '-0.05'], ['"3"', '3']),
    mapping: { type: 'scaled_float', scaling_factor: 100 },
  },
  of('binary', { kind: 'binary' }, ['"AP8N"', Uint8Array.of(0, 255, 13)], ['""', new Uint8Array()]),
  of(
    'date',
    instant,
    ['"2026-10-31"', '2026-10-31 00:00:00+00'],
    ['"2026-10-31T08:15:00.25Z"', '2026-10-31 08:15:00.25+00'],
    ['"2026-10-31T08:15:00.123456+02:00"', '2026-10-31 06:15:00.123456+00'],
    ['"2026"', '2026-01-01 00:00:00+00'],
    ['1793434500250', '2026-10-31 08:15:00.25+00'],
    ['-1', '1969-12-31 23:59:59.999+00'],
    ['"1793434500250"', '2026-10-31 08:15:00.25+00'],
  ),
  of('date_nanos', text, ['"2026-10-31T08:15:00.123456789Z"', '2026-10-31T08:15:00.123456789Z']),
  asJson('object', '{"a":1.10,"b":{"c":null}}', '[{"a":1},{"a":2}]'),
  asJson('nested', '[{"a":1.10},{"a":2}]'),
  asJson('flat_object', '{"a":{"b":"c"}}'),
  asJson('geo_point', '{"lat":50.850,"lon":4.35}', '"50.85,4.35"', '[4.35,50.85]'),
  asJson('geo_shape', '{"type":"Point","coordinates":[4.35,50.85]}', '"POINT (4.35 50.85)"'),
  asJson('integer_range', '{"gte":1,"lt":2}'),
  asJson('long_range', '{"gte":1,"lt":9223372036854775807}'),
  asJson('float_range', '{"gte":1.10}'),
  asJson('double_range', '{"gte":1.10}'),
  asJson('date_range', '{"gte":"2026-10-31"}'),
  asJson('ip_range', '"10.0.0.0/8"'),
  { ...asJson('join', '"question"'), mapping: { type: 'join', relations: { question: 'answer' } } },
  asJson('completion', '["Ada","Grace"]'),
  { ...asJson('token_count', '"one two"'), mapping: { type: 'token_count', analyzer: 'standard' } },
  asJson('percolator', '{"match_all":{}}'),
  asJson('rank_feature', '1.10'),
  asJson('rank_features', '{"a":1.10}'),
]

/** Types whose fields the server does not let be null: they are left out. */
const refusesNull = new Set(['constant_keyword', 'percolator', 'join', 'completion', 'rank_features'])

/** Makes an index for every type of the table in `field-type.ts`. */
export async function makeTypeCases(server: OpenSearchServer, prefix: string): Promise<readonly TypeCase[]> {
  const made: TypeCase[] = []
  for (const [place, { type, mapping, becomes, samples }] of cases.entries()) {
    const index = `${prefix}-type-${place}`
    await request(server, 'PUT', `/${index}`, {
      settings: { number_of_shards: 1, number_of_replicas: 0 },
      mappings: { dynamic: false, properties: { at: { type: 'integer' }, value: mapping } },
    })
    const absent = refusesNull.has(type) ? '' : ',"value":null'
    const documents = [...samples.map(([value]) => `,"value":${value}`), absent, '']
    const lines = documents.flatMap((rest, at) => ['{"index":{}}', `{"at":${at}${rest}}`])
    const answer = (await request(
      server,
      'POST',
      `/${index}/_bulk?refresh=true`,
      `${lines.join('\n')}\n`,
    )) as {
      readonly errors: boolean
    }
    if (answer.errors)
      throw new Error(`A sample of ${type} is refused: ${JSON.stringify(answer).slice(0, 2000)}`)
    made.push({
      type,
      becomes,
      query: { index, columns: ['value'], sort: [{ at: 'asc' }] },
      values: [...samples.map(([, value]) => value), null, null],
    })
  }
  return made
}
