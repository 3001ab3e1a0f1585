import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PageSize } from './page-size.ts'

test('grows by steps to what fits, and never beyond what an index allows', () => {
  const sizes = new PageSize(10_000, 4_000_000)
  assert.equal(sizes.size, 500)
  sizes.learn(500, 50_000)
  assert.equal(sizes.size, 4000)
  sizes.learn(4000, 400_000)
  assert.equal(sizes.size, 10_000)
  sizes.learn(10_000, 8_000_000)
  assert.equal(sizes.size, 5000)
})

test('shrinks to a single document, and then no further', () => {
  const sizes = new PageSize(10_000, 1000)
  assert.equal(sizes.shrink(500, 1_000_000), true)
  assert.equal(sizes.size, 1)
  assert.equal(sizes.shrink(1, 1_000_000), false)
  sizes.learn(1, 1_000_000)
  assert.equal(sizes.size, 1)
  sizes.learn(1, 100)
  assert.equal(sizes.size, 8)
})

test('asks for no more than the query wants', () => assert.equal(new PageSize(7, 1000).size, 7))
