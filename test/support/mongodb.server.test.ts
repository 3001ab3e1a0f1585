import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decimal128, Long } from 'mongodb'
import { createDatabase, type TestMongoDatabase, withMongo } from './mongodb.ts'

let earlier: TestMongoDatabase

test('gives a database of its own, which keeps numbers exactly', async (t) => {
  earlier = createDatabase(t)
  const exact = { _id: 1, long: Long.MAX_VALUE, decimal: Decimal128.fromString('0.1000') }
  const found = await withMongo(earlier, async (client) => {
    const items = client.db().collection<{ _id: number }>('items')
    await items.insertOne(exact)
    return items.findOne({ _id: 1 }, { promoteLongs: false })
  })
  assert.deepEqual(found, exact)
})

test('drops the database after the test', async (t) => {
  const database = createDatabase(t)
  await withMongo(database, async (client) => {
    for (let attempt = 0; attempt < 100; attempt++) {
      const { databases } = await client.db().admin().listDatabases()
      if (!databases.some(({ name }) => name === earlier.database)) return
    }
    assert.fail('the database of the test before is still there')
  })
})
