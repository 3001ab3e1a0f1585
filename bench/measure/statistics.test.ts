import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spreadOf } from './statistics.ts'

test('finds the middle of an odd number of values, and between the two of an even one', () => {
  assert.deepEqual(spreadOf([3, 1, 20]), { median: 3, min: 1, max: 20 })
  assert.deepEqual(spreadOf([4, 1, 2, 100]), { median: 3, min: 1, max: 100 })
  assert.deepEqual(spreadOf([7]), { median: 7, min: 7, max: 7 })
})
