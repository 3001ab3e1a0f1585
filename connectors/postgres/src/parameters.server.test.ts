import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ParameterValue } from '@bulkhead/connector-sdk'
import fc from 'fast-check'
import { createDatabase, execute } from '../../../test/support/postgres.ts'
import { never, openConnection, readBytes, readRequest } from './testing/open-connection.ts'

const database = await createDatabase({ after })
await execute(
  database,
  `CREATE TYPE mood AS ENUM ('happy', 'so-so');
   CREATE DOMAIN even AS integer CHECK (VALUE % 2 = 0);
   CREATE DOMAIN few AS integer[] CHECK (cardinality(VALUE) < 3);
   CREATE SCHEMA "Odd";
   CREATE TYPE "Odd"."My mood" AS ENUM ('x');
   CREATE TABLE thing (id bigint PRIMARY KEY, name varchar(20), code char(8), born date, mood mood, odd "Odd"."My mood");
   INSERT INTO thing SELECT i, 'name ' || i, 'c' || i, date '2026-01-01' + i, 'so-so', 'x' FROM generate_series(1, 100000) i;
   ANALYZE thing`,
)
const source = await openConnection(database)
after(() => source[Symbol.asyncDispose]())

const lines = async (query: string, parameters: Record<string, ParameterValue>): Promise<string> =>
  (await readBytes(source, readRequest(query, { parameters }))).toString()
const failure = async (query: string, parameters: Record<string, ParameterValue>): Promise<object> => {
  const error: unknown = await source.prepare(readRequest(query, { parameters }), never).then(
    (extract) => extract[Symbol.asyncDispose]().then(() => assert.fail('nothing failed')),
    (reason: unknown) => reason,
  )
  const { kind, code, path } = error as { kind: string; code: string; path: string }
  return { kind, code, path }
}

describe('parameters', () => {
  const accepted: readonly [query: string, parameters: Record<string, ParameterValue>, csv: string][] = [
    ['SELECT name FROM thing WHERE id = :id', { id: 7 }, 'name 7\n'],
    ['SELECT name FROM thing WHERE id = :id', { id: 7n }, 'name 7\n'],
    ['SELECT id FROM thing WHERE name = :name', { name: 'name 7' }, '7\n'],
    ['SELECT id FROM thing WHERE code = :code', { code: 'c7' }, '7\n'],
    ['SELECT id FROM thing WHERE born = :day', { day: '2026-01-08' }, '7\n'],
    ['SELECT count(*) FROM thing WHERE mood = :mood AND odd = :odd', { mood: 'so-so', odd: 'x' }, '100000\n'],
    ['SELECT id FROM thing WHERE id = ANY(:ids) ORDER BY id', { ids: [3, 1, 2n] }, '1\n2\n3\n'],
    ['SELECT id FROM thing WHERE id = ANY(:ids) ORDER BY id', { ids: [] }, ''],
    ['SELECT id FROM thing WHERE name = ANY(:names)', { names: ['name 5', null, 'a,"\\b'] }, '5\n'],
    [
      'SELECT :list::text[]',
      { list: ['a,b', 'c"d', 'e\\f', '', 'NULL', null, '{}', 'é😀'] },
      '"{""a,b"",""c\\""d"",""e\\\\f"","""",""NULL"",NULL,""{}"",é😀}"\n',
    ],
    ['SELECT :list::bytea[]', { list: [new Uint8Array([0, 255])] }, '"{""\\\\x00ff""}"\n'],
    [
      'SELECT id FROM thing WHERE id < :n AND id + :n > 5 ORDER BY id LIMIT :most',
      { n: 5, most: 2 },
      '1\n2\n',
    ],
    [
      'SELECT id FROM thing ORDER BY id OFFSET :skip FETCH FIRST :most ROWS ONLY',
      { skip: 2, most: 1 },
      '3\n',
    ],
    ['SELECT :a::int, :a, :b::text', { a: 1, b: 'x' }, '1,1,x\n'],
    ['SELECT (:a::int[])[:i]', { a: [7, 8], i: 2 }, '8\n'],
    ['SELECT :a', { a: 'text' }, 'text\n'],
    ['SELECT :a::int IS NULL, :b::int[] IS NULL, :c::text', { a: null, b: null, c: null }, 't,t,\n'],
    ['SELECT coalesce(:a, 5)', { a: null }, '5\n'],
    ['SELECT :a::boolean, :b::boolean', { a: true, b: false }, 't,f\n'],
    [
      'SELECT :a::numeric, :b::float8, :c::float8, :d::float4',
      { a: '12345678901234567890.123', b: 0.1, c: -0, d: NaN },
      '12345678901234567890.123,0.1,-0,NaN\n',
    ],
    ['SELECT :a::bytea', { a: new Uint8Array([1, 2]) }, '\\x0102\n'],
    ['SELECT :a::char, :b::bpchar, :c::varchar(2)', { a: 'x', b: 'abc', c: 'abc' }, 'x,abc,ab\n'],
    ['SELECT :a::"char", :b::name, :c::bit varying', { a: 'x', b: 'y', c: '101' }, 'x,y,101\n'],
    ['SELECT :a::json, :b::jsonb', { a: '{"a":  1}', b: '{"a":  1}' }, '"{""a"":  1}","{""a"": 1}"\n'],
    ['SELECT :a::even, :b::few', { a: 2, b: [1] }, '2,{1}\n'],
    [
      'SELECT :a::interval, :b::timestamptz, :c::uuid, :d::inet',
      { a: 'P1D', b: '2026-10-31T08:15:00+02:00', c: '00000000-0000-0000-0000-00000000000A', d: '10.0.0.1' },
      '1 day,2026-10-31 06:15:00+00,00000000-0000-0000-0000-00000000000a,10.0.0.1\n',
    ],
    [
      'SELECT \':a\', ":b" FROM (SELECT 1 AS ":b") q -- :c\n WHERE :d /* :e /* :f */ */ = $$:g$$',
      { d: ':g' },
      ':a,1\n',
    ],
    [
      'SELECT a FROM (SELECT date_trunc(:unit, born) a FROM thing) q GROUP BY a, date_trunc(:unit, a) ORDER BY a LIMIT 1',
      { unit: 'year' },
      '2026-01-01 00:00:00+00\n',
    ],
    [
      'SELECT date_trunc(:unit, born) FROM thing GROUP BY date_trunc(:unit, born) ORDER BY 1 LIMIT 1',
      { unit: 'year' },
      '2026-01-01 00:00:00+00\n',
    ],
    ['SELECT :text', { text: '' }, '""\n'],
  ]
  for (const [query, parameters, csv] of accepted)
    it(`binds ${query.slice(0, 70)}`, async () => {
      assert.equal(await lines(query, parameters), csv)
    })

  const hostile = [
    "'; DROP TABLE thing; --",
    "' OR '1'='1",
    '1) TO PROGRAM $$true$$ --',
    "\\'; SELECT pg_sleep(9)",
    '$$); DELETE FROM thing; SELECT ($$',
    'bulkhead.p1',
    '/* :b */ :b $1',
    '\n\r\t\v\u2028😀\u{10ffff}',
    "') || current_setting('bulkhead.p2') || ('",
  ]
  it('takes every text for a value and never for SQL', async () => {
    for (const value of hostile) {
      const json = (
        await readBytes(
          source,
          readRequest('SELECT :a AS a, :b::text[] AS b', {
            format: 'jsonl',
            parameters: { a: value, b: [value, value] },
          }),
        )
      ).toString()
      assert.deepEqual(JSON.parse(json), { a: value, b: [value, value] })
    }
    assert.equal(await lines('SELECT count(*) FROM thing', {}), '100000\n')
  })

  it('reads strings, comments and parameters as the server does, whatever they hold', async (t) => {
    const seed = Number(process.env['BULKHEAD_TEST_SEED'] ?? Date.now() % 2 ** 31)
    t.diagnostic(`BULKHEAD_TEST_SEED=${seed}`)
    const piece = fc.constantFrom(
      "'", '"', '\\', '$', '$$', '$tag$', ':a', ':p0', '::', '--', '/*', '*/', '\n', ';', 'E', ' ', '1', 'é', '😀', '[', '{', '$1', 'x',
    ) // prettier-ignore
    const text = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''))
    const noise = fc.oneof(
      fc.constantFrom('', ' ', '\n'),
      text.map((each) => `/* ${each.replaceAll(/[*/]/g, '')} /* nested */ */`),
      text.map((each) => `-- ${each.replaceAll('\n', ' ')}\n`),
    )
    const ways: Readonly<Record<string, (value: string, index: number) => string>> = {
      plain: (value) => `'${value.replaceAll("'", "''")}'`,
      escaped: (value) => `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
      dollar: (value) => `$quote_it$${value}$quote_it$`,
      parameter: (_, index) => `:p${index}`,
      cast: (_, index) => `(:p${index}::text)::text`,
    }
    const item = fc.record({ text, way: fc.constantFrom(...Object.keys(ways)), before: noise, after: noise })
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 8 }), async (items) => {
        const parameters: Record<string, string> = {}
        const list = items.map(({ text: value, way, before, after: behind }, index) => {
          if (way === 'parameter' || way === 'cast') parameters[`p${index}`] = value
          return `${before}${ways[way]?.(value, index)}${behind} AS "c${index} :a $1 -- """`
        })
        const read = readRequest(`SELECT ${list.join(',')}`, { format: 'jsonl', parameters })
        const row = (await readBytes(source, read)).toString()
        assert.deepEqual(
          Object.values(JSON.parse(row) as object),
          items.map((each) => each.text),
        )
      }),
      { seed, numRuns: 150 },
    )
  })

  it('keeps large values whole', async () => {
    const large = 'x'.repeat(5_000_000)
    assert.equal(
      await lines('SELECT length(:a), md5(:a) = md5(repeat(:b, 5000000))', { a: large, b: 'x' }),
      '5000000,t\n',
    )
  })

  it('lets the server use an index, as with a literal', async () => {
    const scans = async (): Promise<number> => {
      const [row] = await execute(
        database,
        `SELECT idx_scan::int AS scans FROM pg_stat_user_indexes WHERE indexrelname = 'thing_pkey'`,
      )
      return Number(row?.['scans'])
    }
    const before = await scans()
    {
      // A session reports what it did at its end.
      await using other = await openConnection(database)
      await readBytes(other, readRequest('SELECT name FROM thing WHERE id = :id', { parameters: { id: 99 } }))
    }
    const deadline = performance.now() + 10_000
    while ((await scans()) <= before) {
      assert.ok(performance.now() < deadline, 'the index was not used')
      await sleep(50)
    }
  })

  it('gives parallel workers the values too', async () => {
    const settings = ['parallel_setup_cost', 'parallel_tuple_cost', 'min_parallel_table_scan_size']
    for (const setting of settings)
      await execute(database, `ALTER DATABASE ${database.database} SET ${setting} = 0`)
    await using other = await openConnection(database)
    const query = 'SELECT count(*) FROM thing WHERE name > :name'
    const csv = await readBytes(other, readRequest(query, { parameters: { name: 'name 5' } }))
    assert.equal(csv.toString(), await lines("SELECT count(*) FROM thing WHERE name > 'name 5'", {}))
    await execute(database, `ALTER DATABASE ${database.database} RESET ALL`)
  })

  const refused: readonly [query: string, parameters: Record<string, ParameterValue>, expected: object][] = [
    ['SELECT :a', {}, { kind: 'config', code: 'parameter-missing', path: 'query' }],
    ['SELECT 1', { a: 1 }, { kind: 'config', code: 'parameter-unknown', path: 'parameters.a' }],
    ["SELECT ':a'", { a: 1 }, { kind: 'config', code: 'parameter-unknown', path: 'parameters.a' }],
    [
      'SELECT :a IS NULL',
      { a: 1 },
      { kind: 'config', code: 'postgres-parameter-type-unknown', path: 'query' },
    ],
    [
      'SELECT id FROM thing WHERE id = :id',
      { id: 'seven' },
      { kind: 'config', code: 'postgres-parameter-invalid', path: 'parameters.id' },
    ],
    [
      'SELECT id FROM thing WHERE id = :id AND name = :name',
      { id: '9'.repeat(30), name: 'x' },
      { kind: 'config', code: 'postgres-parameter-invalid', path: 'parameters.id' },
    ],
    [
      'SELECT id FROM thing WHERE name = :name AND born = :day',
      { name: 'x', day: '2026-13-01' },
      { kind: 'config', code: 'postgres-parameter-invalid', path: 'parameters.day' },
    ],
    [
      'SELECT id FROM thing WHERE mood = :mood',
      { mood: 'angry' },
      { kind: 'config', code: 'postgres-parameter-invalid', path: 'parameters.mood' },
    ],
    [
      'SELECT id FROM thing WHERE id = :ids',
      { ids: [1] },
      { kind: 'config', code: 'postgres-parameter-invalid', path: 'parameters.ids' },
    ],
    [
      'SELECT id FROM thing WHERE name = :names',
      { names: ['a'] },
      { kind: 'config', code: 'postgres-parameter-invalid', path: 'parameters.names' },
    ],
    [
      'SELECT id FROM thing WHERE id = ANY(:ids)',
      { ids: 5 },
      { kind: 'config', code: 'postgres-parameter-invalid', path: 'parameters.ids' },
    ],
    [
      'SELECT :a::even',
      { a: 3 },
      { kind: 'config', code: 'postgres-parameter-invalid', path: 'parameters.a' },
    ],
    [
      'SELECT :a',
      { a: 'nul\0' },
      { kind: 'config', code: 'postgres-parameter-invalid', path: 'parameters.a' },
    ],
    [
      'SELECT id FROM thing WHERE id IN :ids',
      { ids: [1] },
      { kind: 'config', code: 'postgres-query-invalid', path: 'query' },
    ],
  ]
  for (const [query, parameters, expected] of refused)
    it(`refuses ${query} with ${JSON.stringify(parameters).slice(0, 50)}`, async () => {
      assert.deepEqual(await failure(query, parameters), expected)
    })
})
