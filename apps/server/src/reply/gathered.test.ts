import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gathered } from './gathered.ts'

test('what comes while a write is under way is written together by the next, and each waits for its own', async () => {
  const written: (readonly string[])[] = []
  const ends: (() => void)[] = []
  const put = gathered<string>(async (all) => {
    written.push(all)
    await new Promise<void>((resolve) => void ends.push(resolve))
  })
  const done: string[] = []
  const putAll = ['a', 'b', 'c'].map((one) => put(one).then(() => done.push(one)))
  await new Promise(setImmediate)
  assert.deepEqual(written, [['a', 'b', 'c']], 'what comes at the same time is one write')
  putAll.push(...['d', 'e'].map((one) => put(one).then(() => done.push(one))))
  await new Promise(setImmediate)
  assert.equal(written.length, 1, 'never two at once')
  ends.shift()?.()
  await new Promise(setImmediate)
  assert.deepEqual(done, ['a', 'b', 'c'])
  assert.deepEqual(written.at(-1), ['d', 'e'])
  ends.shift()?.()
  await Promise.all(putAll)
  assert.equal(written.length, 2)
})
