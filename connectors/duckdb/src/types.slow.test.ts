import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import type { LogicalType, Value } from '@bulkhead/connector-sdk'
import { answer, failsWith, folderOf } from './testing.test-support.ts'

/** One value of a SQL expression. */
async function valueOf(expression: string): Promise<Value> {
  return (await answer(`SELECT ${expression} AS v`)).rows[0]?.['v'] ?? null
}

const scalars = [
  'bool', 'tinyint', 'smallint', 'int', 'bigint', 'hugeint', 'uhugeint', 'utinyint', 'usmallint', 'uint', 'ubigint',
  'bignum', 'date', 'time', 'timestamp', 'timestamp_s', 'timestamp_ms', 'time_tz', 'timestamp_tz', 'dec_4_1',
  'dec_9_4', 'dec_18_6', 'dec38_10', 'uuid', 'interval', 'varchar', 'bit', 'small_enum', 'medium_enum', 'large_enum',
  'time_ns',
] // oxfmt-ignore

test('every scalar type reads as DuckDB itself writes it, least and greatest values and null included', async () => {
  const { fields } = await answer('SELECT * FROM test_all_types() LIMIT 1', { config: {} })
  for (const name of scalars) {
    assert.ok(
      fields.some((field) => field.name === name),
      name,
    )
    const { rows } = await answer(`SELECT "${name}" AS v, ${textOf(name)} AS text FROM test_all_types()`)
    assert.equal(rows.length, 3)
    for (const { v, text } of rows) {
      assert.equal(v === null ? null : String(v), asOurs(text ?? null), name)
    }
  }
})

/** DuckDB's text of the greatest instant is a millisecond late; that of the same microseconds without zone is not. */
function textOf(name: string): string {
  return name === 'timestamp_tz'
    ? "make_timestamp(epoch_us(timestamp_tz))::VARCHAR || '+00'"
    : `"${name}"::VARCHAR`
}

/** DuckDB writes years before Christ with parentheses. */
function asOurs(text: Value): Value {
  return typeof text === 'string' ? text.replace(/ \(BC\)(.*)$/, '$1 BC') : text
}

test('floats keep every bit, infinities and NaN included', async () => {
  const { rows } = await answer(
    "SELECT unnest(['NaN', 'Infinity', '-Infinity', '-0', '1.7976931348623157e308', '5e-324', '0.1'])::DOUBLE AS d",
  )
  assert.deepEqual(
    rows.map((row) => row['d']),
    [NaN, Infinity, -Infinity, -0, 1.7976931348623157e308, 5e-324, 0.1],
  )
  assert.equal(await valueOf('0.1::FLOAT'), Math.fround(0.1))
})

test('bytes and texts pass unchanged: short, long, empty, with zero, with a byte order mark', async () => {
  assert.deepEqual(
    Buffer.from((await valueOf(`'\\x00\\xFF${'\\x7F'.repeat(40)}'::BLOB`)) as Uint8Array),
    Buffer.from([0, 255, ...Array<number>(40).fill(127)]),
  )
  const texts = ['', 'x'.repeat(12), 'x'.repeat(13), 'é'.repeat(5000), '\u{feff}a', 'a\nb"c\'']
  const { rows } = await answer('SELECT unnest(:texts) AS t', { parameters: { texts } })
  assert.deepEqual(
    rows.map((row) => row['t']),
    texts,
  )
})

test('texts of a dictionary, in any order and many times, are read as they are', async (t) => {
  const folder = await folderOf(t)
  const path = join(folder, 'dictionary.parquet')
  const text = "CASE WHEN i % 11 > 0 THEN 'a text that is not short ' || repeat('x', (hash(i) % 37)::INT) END"
  const writer = await (await DuckDBInstance.create(':memory:')).connect()
  await writer.run(`COPY (SELECT ${text} AS t, [${text}] AS l FROM range(20000) r(i)) TO '${path}'`)
  writer.closeSync()
  const config = { folder, files: { words: { path: 'dictionary.parquet' } } }
  const { rows } = await answer('FROM words', { config })
  const { rows: expected } = await answer(`SELECT ${text} AS t FROM range(20000) r(i)`)
  assert.equal(rows.length, 20_000)
  for (const [index, row] of rows.entries()) {
    assert.equal(row['t'], expected[index]?.['t'])
    assert.equal(row['l'], JSON.stringify([expected[index]?.['t']]))
  }
})

test('a timestamp with nanoseconds passes when it has whole microseconds, and fails otherwise', async () => {
  assert.equal(await valueOf("'2026-10-31 08:15:00.123456'::TIMESTAMP_NS"), '2026-10-31 08:15:00.123456')
  assert.equal(await valueOf("'infinity'::TIMESTAMP_NS"), 'infinity')
  await assert.rejects(
    valueOf("'2026-10-31 08:15:00.123456789'::TIMESTAMP_NS"),
    failsWith('duckdb-nanoseconds'),
  )
  assert.equal(
    await valueOf("'2026-10-31 08:15:00.123456789'::TIMESTAMP_NS::VARCHAR"),
    '2026-10-31 08:15:00.123456789',
  )
})

test('instants are in UTC, whatever zone they were written in', async () => {
  assert.equal(await valueOf("'2026-10-31 08:15:00+02'::TIMESTAMPTZ"), '2026-10-31 06:15:00+00')
  assert.equal(await valueOf("'-infinity'::TIMESTAMPTZ"), '-infinity')
  assert.equal(await valueOf("'-infinity'::DATE"), '-infinity')
})

test('nested values are JSON with every digit and name', async () => {
  const json: readonly (readonly [expression: string, text: string])[] = [
    [
      "{'b': 1, 'a': NULL, '2': true, '1': 'x', '__proto__': 5}",
      '{"b":1,"a":null,"2":true,"1":"x","__proto__":5}',
    ],
    ['[9007199254740993, -9223372036854775808]', '[9007199254740993,-9223372036854775808]'],
    ['[170141183460469231731687303715884105727::HUGEINT]', '[170141183460469231731687303715884105727]'],
    ['[1.10::DECIMAL(38,2), -0.05::DECIMAL(4,2), 5::DECIMAL(18,0)]', '[1.10,-0.05,5.00]'],
    [
      "[0.1::FLOAT, 'NaN'::FLOAT, '-Infinity'::FLOAT, 16777216::FLOAT]",
      '[0.1,"NaN","-Infinity",1.6777216e+07]',
    ],
    ["[0.1::DOUBLE, '-0'::DOUBLE, 1e300]", '[0.1,-0,1e+300]'],
    ['[-2.545954739847317e16::DOUBLE, 1e-5::DOUBLE]', '[-2.5459547398473168e+16,1e-05]'],
    [
      "[DATE '2026-10-31', DATE '0044-03-15 (BC)', 'infinity'::DATE]",
      '["2026-10-31","0044-03-15 BC","infinity"]',
    ],
    [
      "[TIMESTAMP '2026-10-31 08:15:00.25', TIMESTAMP '1969-12-31 23:59:59']",
      '["2026-10-31T08:15:00.25","1969-12-31T23:59:59"]',
    ],
    ["['2026-10-31 08:15:00+02'::TIMESTAMPTZ]", '["2026-10-31T06:15:00+00:00"]'],
    ["['2026-10-31 08:15:00.123456789'::TIMESTAMP_NS]", '["2026-10-31T08:15:00.123456789"]'],
    ["['2026-10-31 08:15:00'::TIMESTAMP_S]", '["2026-10-31T08:15:00"]'],
    ["[TIME '08:15:00.5', NULL]", '["08:15:00.5",null]'],
    ["['a\"b\\c\n', '']", '["a\\"b\\\\c\\n",""]'],
    ["['\\xAB\\x00'::BLOB]", '["\\\\xab00"]'],
    ["['47183823-2574-4bfd-b411-99ed177d3e43'::UUID]", '["47183823-2574-4bfd-b411-99ed177d3e43"]'],
    ["[INTERVAL '1 year 2 days 3 seconds']", '["1 year 2 days 00:00:03"]'],
    ["MAP {'a': 1, 'b': NULL}", '{"a":1,"b":null}'],
    ['MAP {1: [1], 2: []}', '{"1":[1],"2":[]}'],
    ['[[1, 2], NULL, []]::INTEGER[][]', '[[1,2],null,[]]'],
    ['[[1, 2], [3, NULL]]::INTEGER[2][2]', '[[1,2],[3,null]]'],
    ["[{'a': [{'b': 1}]}]", '[{"a":[{"b":1}]}]'],
    ['row(1, NULL, 3)', '[1,null,3]'],
    ["union_value(name := 'Frank')::UNION(name VARCHAR, age INT)", '{"name":"Frank"}'],
    ['[union_value(age := 5)::UNION(name VARCHAR, age INT)]', '[{"age":5}]'],
    ["['a'::ENUM('b', 'a')]", '["a"]'],
    ['\'{"a": [1.10]}\'::JSON', '{"a": [1.10]}'],
    ["[{'j': '{\"a\": 12345678901234567890}'::JSON}]", '[{"j":{"a": 12345678901234567890}}]'],
  ]
  for (const [expression, text] of json) {
    const { fields, rows } = await answer(`SELECT ${expression} AS v`)
    assert.deepEqual(fields[0]?.type, { kind: 'json' }, expression)
    assert.equal(rows[0]?.['v'], text, expression)
  }
})

test("nested values of DuckDB's own samples are the JSON that DuckDB makes of them", async () => {
  const names = ['int_array', 'double_array', 'varchar_array', 'nested_int_array', 'struct', 'struct_of_arrays',
    'array_of_structs', 'map', 'union', 'fixed_int_array', 'fixed_varchar_array', 'fixed_nested_int_array',
    'fixed_nested_varchar_array', 'fixed_struct_array', 'struct_of_fixed_array', 'fixed_array_of_int_list',
    'list_of_fixed_int_array'] // oxfmt-ignore
  for (const name of names) {
    const { rows } = await answer(`SELECT "${name}" AS v, to_json("${name}") AS j FROM test_all_types()`)
    for (const { v, j } of rows) {
      assert.deepEqual(parsed(v ?? null), parsed(j ?? null), name)
    }
  }
})

function parsed(json: Value): unknown {
  return typeof json === 'string'
    ? (JSON.parse(
        json.replaceAll(/\bNaN\b(?!")/g, '"NaN"').replaceAll(/(-?)\bInfinity\b(?!")/g, '"$1Infinity"'),
      ) as unknown)
    : json
}

test('fields say what the values are', async () => {
  const types: Readonly<Record<string, LogicalType>> = {
    '1::TINYINT': { kind: 'integer', bits: 8 },
    '1::USMALLINT': { kind: 'integer', bits: 16, unsigned: true },
    '1::UBIGINT': { kind: 'integer', bits: 64, unsigned: true },
    'sum(1)': { kind: 'decimal', precision: 39, scale: 0 },
    '1.5::DECIMAL(9,3)': { kind: 'decimal', precision: 9, scale: 3 },
    true: { kind: 'boolean' },
    "''::BLOB": { kind: 'binary' },
    'now()': { kind: 'timestamp', zoned: true },
    'uuid()': { kind: 'text' },
    NULL: { kind: 'integer', bits: 32 },
  }
  for (const [expression, type] of Object.entries(types)) {
    assert.deepEqual((await answer(`SELECT ${expression} AS v`)).fields[0]?.type, type, expression)
  }
  assert.equal((await answer('SELECT 1::DECIMAL(9,3) AS v')).fields[0]?.sourceType, 'DECIMAL(9,3)')
})

test('nulls at any place of a batch stay nulls, and what lay in their place is not shown', async () => {
  const { rows } = await answer(
    `SELECT CASE WHEN i % 3 = 0 THEN i END AS n, CASE WHEN i % 5 = 0 THEN 'text ' || i END AS t,
            CASE WHEN i % 7 = 0 THEN [i] END AS l, CASE WHEN i > 4000 THEN i::DECIMAL(9,1) END AS d
     FROM range(5000) t(i)`,
    { batchRows: 999 },
  )
  assert.equal(rows.length, 5000)
  for (const [i, row] of rows.entries()) {
    assert.equal(row['n'], i % 3 === 0 ? BigInt(i) : null)
    assert.equal(row['t'], i % 5 === 0 ? `text ${i}` : null)
    assert.equal(row['l'], i % 7 === 0 ? `[${i}]` : null)
    assert.equal(row['d'], i > 4000 ? `${i}.0` : null)
  }
})

test('columns of the same name stay apart', async () => {
  const { fields } = await answer('SELECT :a AS a, 2 AS a', { parameters: { a: 'x' } })
  assert.deepEqual(
    fields.map((field) => field.name),
    ['a', 'a'],
  )
})
