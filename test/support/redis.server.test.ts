import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createClient } from 'redis'
import { createKeyPrefix, type TestKeys } from './redis.ts'

async function connect(t: TestContext, { url }: TestKeys) {
  const client = createClient({ url })
  await client.connect()
  t.after(() => client.destroy())
  return client
}

let earlier: TestKeys

test('gives names of keys of its own', async (t) => {
  earlier = createKeyPrefix(t)
  const client = await connect(t, earlier)
  await client.set(`${earlier.prefix}a`, '1')
  assert.equal(await client.get(`${earlier.prefix}a`), '1')
})

test('removes the keys after the test', async (t) => {
  const client = await connect(t, createKeyPrefix(t))
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await client.keys(`${earlier.prefix}*`)).length === 0) return
  }
  assert.fail('a key of the test before is still there')
})
