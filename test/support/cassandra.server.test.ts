import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeyspace, type TestKeyspace, withCassandra } from './cassandra.ts'

let earlier: TestKeyspace

test('makes an empty keyspace, which tables can be made in', async (t) => {
  earlier = await createKeyspace(t)
  const found = await withCassandra(earlier, async (client) => {
    await client.execute('CREATE TABLE items (id int PRIMARY KEY, name text)')
    await client.execute(`INSERT INTO items (id, name) VALUES (1, 'one')`)
    return client.execute('SELECT name FROM items')
  })
  assert.deepEqual(
    found.rows.map((row) => row.get('name') as unknown),
    ['one'],
  )
})

test('drops the keyspace after the test', async (t) => {
  const keyspace = await createKeyspace(t)
  await withCassandra(keyspace, async (client) => {
    for (let attempt = 0; attempt < 200; attempt++) {
      const { rows } = await client.execute('SELECT keyspace_name FROM system_schema.keyspaces')
      if (!rows.some((row) => row.get('keyspace_name') === earlier.keyspace)) return
    }
    assert.fail('the keyspace of the test before is still there')
  })
})

test('asks for the password, where users have one', async (t) => {
  const keyspace = await createKeyspace(t)
  if (keyspace.username === undefined) return t.skip('the server of BULKHEAD_TEST_CASSANDRA asks for none')
  const wrong = { ...keyspace, password: 'wrong' }
  const answer = withCassandra(wrong, (client) => client.execute('SELECT now() FROM system.local'))
  await assert.rejects(answer, /AuthenticationError/)
})
