import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRequest, startProxy } from '@bulkhead/connector-sdk/testing'
import { openKeyspace } from './testing/keyspace.ts'
import { never, open, rowsOf } from './testing/read.ts'

const { config, execute, hasPasswords } = await openKeyspace()
await execute('CREATE TABLE item (id int, at int, value text, PRIMARY KEY (id, at))')
for (let at = 0; at < 300; at++) await execute(`INSERT INTO item (id, at, value) VALUES (1, ${at}, 'v${at}')`)

test('binds parameters of every kind by the types of the cluster', async () => {
  await execute(
    `CREATE TABLE typed (id int PRIMARY KEY, u uuid, d date, t timestamp, n decimal, v varint, b blob, i inet, l frozen<list<int>>, e vector<float, 2>)`,
  )
  await execute(
    `INSERT INTO typed (id, u, d, t, n, v, b, i, l, e) VALUES (1, 550e8400-e29b-41d4-a716-446655440000, '2026-10-31', '2026-10-31T08:15:00Z', 1.10, 123456789012345678901234567890, 0x00ff, '10.0.0.1', [1, 2], [0.5, 1])`,
  )
  await using source = await open(config)
  const parameters = {
    u: '550E8400-e29b-41d4-a716-446655440000',
    d: '2026-10-31',
    t: '2026-10-31 09:15:00+01',
    n: '1.1',
    v: 123_456_789_012_345_678_901_234_567_890n,
    b: Uint8Array.of(0, 255),
    i: '10.0.0.1',
    l: [1, 2],
    e: [0.5, 1],
  }
  for (const [name, value] of Object.entries(parameters)) {
    const query = `SELECT id FROM typed WHERE ${name} = :${name} ALLOW FILTERING`
    assert.deepEqual(await rowsOf(source, query, { [name]: value }), [{ id: 1 }], name)
  }
  const list = 'SELECT id FROM typed WHERE id IN :ids AND d = :d ALLOW FILTERING'
  assert.deepEqual(await rowsOf(source, list, { ids: [1, 2, 3], d: '2026-10-31' }), [{ id: 1 }])
})

test('refuses what it could only keep in part', async () => {
  await execute('CREATE TABLE edge (id int PRIMARY KEY, t timestamp, d date, n decimal)')
  await execute('INSERT INTO edge (id, t) VALUES (1, 8640000000000001)')
  await execute('INSERT INTO edge (id, d) VALUES (2, 0)')
  await execute('INSERT INTO edge (id, n) VALUES (3, blob_as_decimal(0x000186a001))')
  await using source = await open(config)
  for (const id of [1, 2, 3])
    await assert.rejects(rowsOf(source, 'SELECT * FROM edge WHERE id = :id', { id }), {
      code: 'cassandra-value-refused',
    })
  await assert.rejects(rowsOf(source, 'SELECT id, id FROM edge'), { code: 'cassandra-duplicate-column' })
  await assert.rejects(rowsOf(source, 'SELECT id AS "__proto__" FROM edge'), {
    code: 'cassandra-duplicate-column',
  })
})

test('says where the cluster finds a query wrong, without data', async () => {
  await using source = await open(config)
  await assert.rejects(
    rowsOf(source, 'SELECT * FROM item WHERE value = :value', { value: 'secret row' }),
    (error: Error) => {
      assert.match(error.message, /ALLOW FILTERING/)
      assert.doesNotMatch(error.message, /secret row/)
      return true
    },
  )
})

test(
  'refuses what the role may not read',
  { skip: hasPasswords ? false : 'the cluster of the tests has no roles' },
  async () => {
    await using source = await open(config)
    await assert.rejects(rowsOf(source, 'SELECT * FROM system_auth.roles'), {
      code: 'cassandra-permission-denied',
      kind: 'auth',
    })
  },
)

test('notices that a table was altered while it was read', async () => {
  await execute('CREATE TABLE changing (id int, at int, PRIMARY KEY (id, at))')
  for (let at = 0; at < 2000; at++) await execute(`INSERT INTO changing (id, at) VALUES (1, ${at})`)
  await using source = await open({ ...config, pageSize: 100 })
  const request = readRequest({ query: 'SELECT * FROM changing WHERE id = 1' }, 'rows', { batchRows: 100 })
  await using extract = await source.prepare(request, never)
  await assert.rejects(
    async () => {
      let batches = 0
      for await (const batch of extract.read(never)) {
        assert.equal(batch.form, 'rows')
        if (batches++ === 0) await execute('ALTER TABLE changing ADD later text')
      }
    },
    { code: 'cassandra-schema-changed', kind: 'transient' },
  )
})

test('ends a read that takes longer than the connection allows, the receiver included', async (t) => {
  const proxy = await startProxy(t, { host: config.contactPoints[0] ?? '', port: config.port })
  await using source = await open(
    { ...config, contactPoints: [proxy.host], port: proxy.port, pageSize: 10 },
    { queryTimeoutMs: 1000 },
  )
  const request = readRequest({ query: 'SELECT * FROM item' }, 'rows', { batchRows: 10 })
  await using extract = await source.prepare(request, never)
  await assert.rejects(
    async () => {
      for await (const batch of extract.read(never)) {
        assert.equal(batch.form, 'rows')
        proxy.silence()
      }
    },
    (error: { code: string }) => ['cassandra-query-timeout', 'cassandra-page-timeout'].includes(error.code),
  )
})

test('reads again after its connection was cut, once the client has a new one', async (t) => {
  const proxy = await startProxy(t, { host: config.contactPoints[0] ?? '', port: config.port })
  await using source = await open({
    ...config,
    contactPoints: [proxy.host],
    port: proxy.port,
    pageSize: 10,
  })
  const before = await rowsOf(source, { table: 'item' })
  proxy.cut()
  for (let attempt = 0; ; attempt++) {
    try {
      assert.deepEqual(await rowsOf(source, { table: 'item' }), before)
      break
    } catch (error) {
      assert.equal((error as { kind?: string }).kind, 'transient')
      assert.ok(attempt < 20, 'it does not connect again')
      await sleep(200)
    }
  }
})
