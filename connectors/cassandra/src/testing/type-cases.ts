import type { LogicalType, Value } from '@bulkhead/connector-sdk'
import type { TypeCase } from '@bulkhead/connector-sdk/testing'
import type { TestKeyspace } from './keyspace.ts'

/** A value of a type: how CQL writes it, and what comes out of it. */
type Sample = readonly [cql: string, becomes: Value]

interface TypeSamples {
  /** As in the table of types. */
  readonly type: string
  /** As CQL declares the column. */
  readonly column: string
  readonly becomes: LogicalType
  readonly samples: readonly Sample[]
}

const of = (
  type: string,
  column: string,
  becomes: LogicalType,
  ...samples: readonly Sample[]
): TypeSamples => ({ type, column, becomes, samples })

const text: LogicalType = { kind: 'text' }
const json: LogicalType = { kind: 'json' }
const uuid = '550e8400-e29b-41d4-a716-446655440000'
const timeuuid = '50554d6e-29bb-11e5-b345-feff819cdc9f'

/** Every type of the table in `types.ts`, with its extremes. */
const typeSamples: readonly TypeSamples[] = [
  of('boolean', 'boolean', { kind: 'boolean' }, ['true', true], ['false', false]),
  of('tinyint', 'tinyint', { kind: 'integer', bits: 8 }, ['-128', -128], ['127', 127]),
  of('smallint', 'smallint', { kind: 'integer', bits: 16 }, ['-32768', -32_768], ['32767', 32_767]),
  of(
    'int',
    'int',
    { kind: 'integer', bits: 32 },
    ['-2147483648', -2_147_483_648],
    ['2147483647', 2_147_483_647],
  ),
  of(
    'bigint',
    'bigint',
    { kind: 'integer', bits: 64 },
    ['-9223372036854775808', -9_223_372_036_854_775_808n],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
    ['9007199254740993', 9_007_199_254_740_993n],
  ),
  of(
    'float',
    'float',
    { kind: 'float', bits: 32 },
    ['0.1', Math.fround(0.1)],
    ['-0.0', -0],
    ['NaN', Number.NaN],
    ['-Infinity', -Infinity],
    ['3.4028235e38', Math.fround(3.4028235e38)],
  ),
  of(
    'double',
    'double',
    { kind: 'float', bits: 64 },
    ['0.1', 0.1],
    ['5e-324', 5e-324],
    ['Infinity', Infinity],
  ),
  of(
    'varint',
    'varint',
    { kind: 'decimal' },
    ['0', '0'],
    ['-1', '-1'],
    ['128', '128'],
    ['-129', '-129'],
    ['123456789012345678901234567890123456789', '123456789012345678901234567890123456789'],
    ['-123456789012345678901234567890123456789', '-123456789012345678901234567890123456789'],
  ),
  of(
    'decimal',
    'decimal',
    { kind: 'decimal' },
    ['1.10', '1.10'],
    ['-0.05', '-0.05'],
    ['0.000', '0.000'],
    ['1e3', '1000'],
    ['-1.5e-7', '-0.00000015'],
    ['12345678901234567890.12345678901234567890', '12345678901234567890.12345678901234567890'],
  ),
  of('ascii', 'ascii', text, [`'plain'`, 'plain'], [`''`, '']),
  of('text', 'text', text, [`'é 漢 😀'`, 'é 漢 😀'], [`''`, ''], [`'it''s'`, `it's`]),
  of('varchar', 'varchar', text, [`'a'`, 'a']),
  of('uuid', 'uuid', text, [uuid, uuid]),
  of('timeuuid', 'timeuuid', text, [timeuuid, timeuuid]),
  of(
    'inet',
    'inet',
    text,
    [`'192.168.0.1'`, '192.168.0.1'],
    [`'2001:db8:0:0:0:0:0:1'`, '2001:db8::1'],
    [`'::'`, '::'],
    [`'::1'`, '::1'],
  ),
  of(
    'time',
    'time',
    text,
    [`'00:00:00'`, '00:00:00'],
    [`'23:59:59.999999999'`, '23:59:59.999999999'],
    [`'08:15:00.000000001'`, '08:15:00.000000001'],
    [`'08:15:00.5'`, '08:15:00.5'],
  ),
  of(
    'duration',
    'duration',
    text,
    ['1y2mo3d4h5m6s7ms8us9ns', '1y2mo3d4h5m6s7ms8us9ns'],
    ['-89h4m48s', '-89h4m48s'],
    ['2147483647d', '2147483647d'],
    ['9223372036854775807ns', '2562047h47m16s854ms775us807ns'],
  ),
  of('blob', 'blob', { kind: 'binary' }, ['0x00ff10', Uint8Array.of(0, 255, 16)], ['0x', new Uint8Array(0)]),
  of(
    'date',
    'date',
    { kind: 'date' },
    [`'2026-10-31'`, '2026-10-31'],
    [`'1582-10-04'`, '1582-10-04'],
    // The type ends 2^31 days before 1970 and as many after it; these lie one day inside.
    ['1', '5877642-06-24 BC'],
    ['4294967294', '5881580-07-10'],
  ),
  of(
    'timestamp',
    'timestamp',
    { kind: 'timestamp', zoned: true },
    [`'2026-10-31T08:15:00.250+0000'`, '2026-10-31 08:15:00.25+00'],
    ['-1', '1969-12-31 23:59:59.999+00'],
    ['-62135596800001', '0001-12-31 23:59:59.999+00 BC'],
    ['8640000000000000', '275760-09-13 00:00:00+00'],
  ),
  of('list', 'list<int>', json, ['[3, 1, 2]', '[3,1,2]']),
  of('list', 'frozen<list<text>>', json, ['[]', '[]'], [`['a"', '']`, '["a\\"",""]']),
  of('list', 'list<bigint>', json, ['[9007199254740993]', '[9007199254740993]']),
  of('list', 'list<decimal>', json, ['[1.10, -0.5]', '[1.10,-0.5]']),
  of('list', 'list<float>', json, ['[0.1, NaN, -0.0]', '[0.1,"NaN",-0]']),
  of('list', 'list<double>', json, ['[0.1, Infinity]', '[0.1,"Infinity"]']),
  of('list', 'list<blob>', json, ['[0x00ff]', '["\\\\x00ff"]']),
  of('list', 'list<timestamp>', json, [`['2026-10-31T08:15:00Z']`, '["2026-10-31T08:15:00+00:00"]']),
  of('list', 'list<date>', json, [`['2026-10-31']`, '["2026-10-31"]']),
  of('list', 'list<time>', json, [`['08:15:00.000000001']`, '["08:15:00.000000001"]']),
  of('list', 'list<frozen<list<boolean>>>', json, ['[[true], [], [false]]', '[[true],[],[false]]']),
  of('set', 'set<text>', json, [`{'b', 'a'}`, '["a","b"]']),
  of('map', 'map<text, int>', json, [`{'b': 1, '__proto__': 2}`, '{"__proto__":2,"b":1}']),
  of('map', 'map<int, text>', json, [`{2: 'x', 1: 'y'}`, '{"1":"y","2":"x"}']),
  of('map', 'map<frozen<list<int>>, text>', json, [`{[1, 2]: 'x'}`, '{"[1,2]":"x"}']),
  of('map', `map<timestamp, double>`, json, [`{0: 1.5}`, '{"1970-01-01T00:00:00+00:00":1.5}']),
  of(
    'tuple',
    'tuple<int, text, uuid>',
    json,
    [`(1, 'x', ${uuid})`, `[1,"x","${uuid}"]`],
    [`(1, null, null)`, '[1,null,null]'],
    [`(null, '', null)`, '[null,"",null]'],
  ),
  of(
    'user-defined type',
    'address',
    json,
    [
      `{street: 'Rue', zips: {1000, 1050}, since: '2026-10-31'}`,
      '{"street":"Rue","zips":[1000,1050],"since":"2026-10-31"}',
    ],
    [`{street: ''}`, '{"street":"","zips":null,"since":null}'],
  ),
  of('user-defined type', 'list<frozen<address>>', json, [
    `[{zips: {1}}]`,
    '[{"street":null,"zips":[1],"since":null}]',
  ]),
  of('custom type', `'org.apache.cassandra.db.marshal.LexicalUUIDType'`, { kind: 'binary' }, [
    `0x${uuid.replaceAll('-', '')}`,
    Uint8Array.from(Buffer.from(uuid.replaceAll('-', ''), 'hex')),
  ]),
  of('vector', 'vector<float, 3>', json, ['[0.1, -2, 3.5]', '[0.1,-2,3.5]']),
  of('vector', 'vector<text, 2>', json, [`['a', '']`, '["a",""]']),
  of('vector', 'vector<frozen<list<int>>, 2>', json, ['[[1], [2, 3]]', '[[1],[2,3]]']),
]

/** Puts the samples into tables, and says what must come out. */
export async function createTypeCases({ execute }: TestKeyspace): Promise<readonly TypeCase[]> {
  await execute('CREATE TYPE address (street text, zips frozen<set<int>>, since date)')
  const columns = typeSamples.map(({ column }, index) => `v${index} ${column}`)
  await execute(`CREATE TABLE sample (kind int, at int, ${columns.join(', ')}, PRIMARY KEY (kind, at))`)
  const cases: TypeCase[] = []
  for (const [kind, { type, becomes, samples }] of typeSamples.entries()) {
    for (const [at, [cql]] of samples.entries())
      await execute(`INSERT INTO sample (kind, at, v${kind}) VALUES (${kind}, ${at}, ${cql})`)
    await execute(`INSERT INTO sample (kind, at) VALUES (${kind}, ${samples.length})`)
    cases.push({
      type,
      becomes,
      query: `SELECT v${kind} AS value FROM sample WHERE kind = ${kind}`,
      values: [...samples.map(([, value]) => value), null],
    })
  }
  await execute('CREATE TABLE counted (id int, at int, value counter, PRIMARY KEY (id, at))')
  await execute('UPDATE counted SET value = value - 9223372036854775807 WHERE id = 0 AND at = 0')
  await execute('UPDATE counted SET value = value + 1 WHERE id = 0 AND at = 1')
  cases.push({
    type: 'counter',
    becomes: { kind: 'integer', bits: 64 },
    query: 'SELECT value FROM counted WHERE id = 0',
    values: [-9_223_372_036_854_775_807n, 1n],
  })
  return cases
}
