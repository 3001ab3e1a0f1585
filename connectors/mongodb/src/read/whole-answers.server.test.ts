import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BSON, MongoClient } from 'mongodb'
import { startScriptedServer } from '../testing/scripted-server.ts'
import { keepAnswersWhole, takeWholeAnswer } from './whole-answers.ts'

test('the cursor of the driver still keeps its answers where they can be taken whole', async (t) => {
  const answer = (id: bigint, name: string, documents: readonly object[]) => ({
    ok: 1,
    cursor: { id, ns: 'shop.orders', [name]: documents },
  })
  const answers = [
    answer(7n, 'firstBatch', [{ _id: 1 }]),
    answer(7n, 'nextBatch', []),
    answer(0n, 'nextBatch', [{ _id: 2 }, { _id: 3 }]),
  ]
  await using server = await startScriptedServer(() => answers.shift() ?? { ok: 1 })
  const client = await new MongoClient(`mongodb://${server.host}/`).connect()
  t.after(() => client.close())
  const cursor = client.db('shop').runCursorCommand({ find: 'orders' }, { raw: true })
  keepAnswersWhole(cursor)
  assert.equal(await cursor.hasNext(), true)
  assert.equal(takeWholeAnswer(cursor), undefined, 'the first answer is the public one')
  assert.equal(cursor.readBufferedDocuments().length, 1)
  assert.equal(await cursor.hasNext(), true)
  const whole = takeWholeAnswer(cursor)
  assert.ok(whole)
  const documents = [...whole.starts].map((at) =>
    BSON.deserialize(whole.bytes, { index: at, allowObjectSmallerThanBufferSize: true }),
  )
  assert.deepEqual(documents, [{ _id: 2 }, { _id: 3 }])
  assert.equal(await cursor.hasNext(), false)
})
