import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lastOf } from './last-of.ts'

test('finds the last of any count, and asks little', async () => {
  for (const count of [0, 1, 2, 3, 4, 5, 7, 8, 9, 100, 1000]) {
    let asked = 0
    const found = await lastOf(async (number) => {
      asked++
      return number <= count
    })
    assert.equal(found, count)
    assert.ok(asked <= 2 * Math.log2(count + 2) + 2, `${asked} questions for ${count}`)
  }
})
