import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countBefore, placeOf } from './place-of.ts'
import { Hits } from './scan-page.ts'

function pageOf(sorts: readonly string[]): Hits {
  const hits = new Hits()
  const list = sorts.map((sort) => `{"_index":"a","_id":"1","_source":{"sort":[9]},"sort":${sort}}`)
  hits.scan(Buffer.from(`{"took":1,"hits":{"hits":[${list.join(',')}]}}`))
  return hits
}

test('finds the place of a hit, and how many hits lie before a place', () => {
  const hits = pageOf(['[3,3,"a"]', '[7,7,"a"]', '[7,4294967303,"a"]', '[2147483647,1,"a"]'])
  assert.deepEqual(
    [0, 1, 2, 3].map((hit) => placeOf(hits, hit)),
    [3, 7, 7, 2_147_483_647],
  )
  for (const [place, before] of [
    [0, 0],
    [3, 0],
    [4, 1],
    [7, 1],
    [8, 3],
    [2_147_483_648, 4],
  ] as const)
    assert.equal(countBefore(place, hits), before, `before ${place}`)
})

test('refuses a hit that has no place', () => {
  for (const sort of ['["a"]', '[]', '[null]', '[-1]'])
    assert.throws(() => placeOf(pageOf([sort]), 0), { code: 'opensearch-unexpected-answer' })
})
