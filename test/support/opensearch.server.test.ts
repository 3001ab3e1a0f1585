import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIndexName, request, type TestIndex } from './opensearch.ts'

let earlier: TestIndex

test('gives index names of its own, on a server that finds what is put there', async (t) => {
  earlier = createIndexName(t)
  const { index } = earlier
  const settings = { settings: { number_of_shards: 2, number_of_replicas: 0 } }
  await request(earlier, 'PUT', `/${index}`, settings)
  const lines = [{ index: { _id: '1' } }, { text: 'one' }, { index: { _id: '2' } }, { text: 'two' }]
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  await request(earlier, 'POST', `/${index}/_bulk?refresh=true`, body)
  const found = (await request(earlier, 'POST', `/${index}/_search`, {
    query: { match: { text: 'two' } },
  })) as {
    hits: { hits: { _id: string }[] }
  }
  assert.deepEqual(
    found.hits.hits.map(({ _id }) => _id),
    ['2'],
  )
})

test('removes the indices after the test', async (t) => {
  const test = createIndexName(t)
  for (let attempt = 0; attempt < 100; attempt++) {
    const found = await request(test, 'GET', `/_cat/indices/${earlier.index}*?format=json`)
    if ((found as unknown[]).length === 0) return
  }
  assert.fail('the index of the test before is still there')
})
