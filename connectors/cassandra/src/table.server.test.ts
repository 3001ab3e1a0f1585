import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRequest, readRows } from '@bulkhead/connector-sdk/testing'
import { openKeyspace } from './testing/keyspace.ts'
import { never, open, rowsOf } from './testing/read.ts'

const { config, execute } = await openKeyspace()

/** Writes rows a hundred at once. */
async function insert(
  count: number,
  cql: string,
  values: (row: number) => readonly unknown[],
): Promise<void> {
  for (let from = 0; from < count; from += 100) {
    const rows = Array.from({ length: Math.min(100, count - from) }, (_, offset) => from + offset)
    await Promise.all(rows.map((row) => execute(cql, values(row))))
  }
}

test('reads every row of many partitions exactly once, in the same order again', async () => {
  await execute('CREATE TABLE many (id bigint PRIMARY KEY, name text)')
  await insert(5000, 'INSERT INTO many (id, name) VALUES (?, ?)', (row) => [BigInt(row), `row ${row}`])
  for (const ranges of [1, 4, 32]) {
    await using source = await open({ ...config, ranges, pageSize: 37 })
    const rows = await rowsOf(source, { table: 'many' })
    assert.equal(rows.length, 5000)
    const ids = rows.map(({ id }) => id as bigint)
    assert.deepEqual(
      ids.toSorted((a, b) => Number(a - b)),
      Array.from({ length: 5000 }, (_, row) => BigInt(row)),
    )
    assert.ok(rows.every(({ id, name }) => name === `row ${id as bigint}`))
    const byToken = await execute('SELECT id FROM many')
    assert.deepEqual(
      ids.slice(0, 100),
      byToken.rows.slice(0, 100).map((row) => row['id'] as bigint),
    )
  }
})

test('reads wide partitions over many pages, with a partition key of several columns', async () => {
  await execute(
    'CREATE TABLE wide (a int, b text, at int, fixed text STATIC, value text, PRIMARY KEY ((a, b), at))',
  )
  await insert(6000, 'INSERT INTO wide (a, b, at, value) VALUES (?, ?, ?, ?)', (row) => [
    row % 2,
    'x',
    row,
    'v',
  ])
  await execute(`INSERT INTO wide (a, b, fixed) VALUES (9, 'only static', 'f')`)
  await using source = await open({ ...config, pageSize: 250 })
  const rows = await rowsOf(source, { table: 'wide', columns: ['at', 'fixed'] })
  const { rows: counted } = await execute('SELECT count(*) AS count FROM wide')
  assert.equal(rows.length, Number(counted[0]?.['count']))
  assert.equal(new Set(rows.map(({ at }) => at)).size, 6001)
  assert.deepEqual(
    rows.filter(({ at }) => at === null),
    [{ at: null, fixed: 'f' }],
  )
})

test('leaves out what was deleted, also when a whole range is', async () => {
  await execute('CREATE TABLE sparse (id int PRIMARY KEY, value int)')
  await insert(1000, 'INSERT INTO sparse (id, value) VALUES (?, ?)', (row) => [row, row])
  await insert(990, 'DELETE FROM sparse WHERE id = ?', (row) => [row])
  await using source = await open({ ...config, pageSize: 3 })
  const rows = await rowsOf(source, { table: 'sparse' })
  assert.deepEqual(
    rows.map(({ id }) => id as number).toSorted((a, b) => a - b),
    [990, 991, 992, 993, 994, 995, 996, 997, 998, 999],
  )
})

test('yields no row of an empty table, and its columns', async () => {
  await execute('CREATE TABLE empty (id int PRIMARY KEY, "MixedCase" text)')
  await using source = await open(config)
  await using extract = await source.prepare(readRequest({ query: { table: 'empty' } }, 'rows'), never)
  assert.deepEqual(
    extract.fields.map(({ name, sourceType }) => [name, sourceType]),
    [
      ['id', 'int'],
      ['MixedCase', 'text'],
    ],
  )
  assert.deepEqual(await readRows(extract, never), [])
})

test('filters at the nodes by every operator', async () => {
  await execute('CREATE TABLE filtered (id int PRIMARY KEY, n int, tags set<text>, props map<text, int>)')
  for (let id = 0; id < 10; id++)
    await execute(
      `INSERT INTO filtered (id, n, tags, props) VALUES (${id}, ${id}, {'t${id % 3}'}, {'k${id % 2}': ${id}})`,
    )
  await using source = await open(config)
  const ids = async (where: unknown, parameters = {}): Promise<number[]> =>
    (await rowsOf(source, { table: 'filtered', columns: ['id'], where }, parameters))
      .map(({ id }) => id as number)
      .toSorted((a, b) => a - b)
  assert.deepEqual(await ids({ n: 3 }), [3])
  assert.deepEqual(await ids({ n: { gt: 3, lte: 5 } }), [4, 5])
  assert.deepEqual(await ids({ n: { gte: 8 } }), [8, 9])
  assert.deepEqual(await ids({ n: { lt: { $param: 'below' } } }, { below: 2 }), [0, 1])
  assert.deepEqual(await ids({ tags: { contains: 't0' } }), [0, 3, 6, 9])
  assert.deepEqual(await ids({ props: { containsKey: 'k1' }, n: { gt: 4 } }), [5, 7, 9])
})

test('takes no operator, name or CQL from a parameter', async () => {
  await execute('CREATE TABLE victim (id int PRIMARY KEY, name text)')
  await execute(`INSERT INTO victim (id, name) VALUES (1, 'Ada')`)
  await using source = await open(config)
  const where = { name: { $param: 'name' } }
  const hostile = [
    `' OR '1' = '1`,
    `Ada' ALLOW FILTERING; DROP TABLE victim; --`,
    '{"gt": ""}',
    '$$',
    ':name',
  ]
  for (const name of hostile) {
    assert.deepEqual(await rowsOf(source, { table: 'victim', where }, { name }), [])
    const cql = 'SELECT id FROM victim WHERE name = :name ALLOW FILTERING'
    assert.deepEqual(await rowsOf(source, cql, { name }), [])
  }
  await assert.rejects(rowsOf(source, { table: 'victim', where }, { name: ['Ada'] }), {
    code: 'cassandra-parameter-invalid',
    path: 'query.where.name',
  })
  await assert.rejects(rowsOf(source, { table: { $param: 'name' } }, { name: 'victim' }), {
    code: 'cassandra-not-a-query',
  })
  for (const table of ['victim"; DROP TABLE victim; --', 'victim" WHERE id = 1 --', '"victim"']) {
    await assert.rejects(rowsOf(source, { table }), { code: 'cassandra-query-invalid', path: 'query.table' })
  }
  assert.equal((await execute('SELECT id FROM victim')).rows.length, 1)
})
