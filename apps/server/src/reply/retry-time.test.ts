import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mostTries, retryDelayMs } from './retry-time.ts'

test('waits longer from time to time, half an hour at most, and not always the same', () => {
  assert.deepEqual(
    [1, 2, 5, 12, mostTries].map((tries) => retryDelayMs(tries, undefined, 0)),
    [1000, 2000, 16_000, 1_800_000, 1_800_000],
  )
  assert.equal(retryDelayMs(2, undefined, 1), 1000)
})

test('believes a receiver that says when, up to an hour', () => {
  assert.equal(retryDelayMs(1, 70_000, 0), 70_000)
  assert.equal(retryDelayMs(1, 1e12, 0), 3_600_000)
  assert.equal(retryDelayMs(5, 1, 0), 16_000)
})
