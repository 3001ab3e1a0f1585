import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeInOrder } from './take-in-order.ts'
import type { TopicMessage } from './visible-records.ts'

const messages = (...offsets: readonly number[]): TopicMessage[] =>
  offsets.map((offset) => ({
    partition: 0,
    offset: BigInt(offset),
    timestampMs: undefined,
    key: null,
    value: null,
    headers: [],
  }))
const { signal } = new AbortController()

test('reports an offset only when all before it are taken, whatever the order', async () => {
  const open = new Map<bigint, () => void>()
  const reported: bigint[] = []
  const taking = takeInOrder(messages(3, 4, 7, 9), 12n, {
    take: ({ offset }) => new Promise((resolve) => open.set(offset, resolve)),
    onTaken: (before) => reported.push(before),
    signal,
  })
  for (const [offset, expected] of [
    [9n, []],
    [4n, []],
    [3n, [7n]],
    [7n, [7n, 12n]],
  ] as const) {
    open.get(offset)?.()
    await new Promise(setImmediate)
    assert.deepEqual(reported.slice(0, 2), expected)
  }
  await taking
  assert.equal(reported.at(-1), 12n)
})

test('reports the end of what holds no message', async () => {
  const reported: bigint[] = []
  await takeInOrder([], 5n, { take: async () => {}, onTaken: (before) => reported.push(before), signal })
  assert.deepEqual(reported, [5n])
})

test('begins nothing after an abort, waits for what was begun, and reports no more than is taken', async () => {
  const stop = new AbortController()
  const reported: bigint[] = []
  const begun: bigint[] = []
  await assert.rejects(
    takeInOrder(messages(...Array.from({ length: 200 }, (_, offset) => offset)), 200n, {
      async take({ offset }) {
        begun.push(offset)
        await new Promise(setImmediate)
        if (offset === 10n) stop.abort(new Error('enough'))
        if (offset === 20n) throw new Error('enough')
      },
      onTaken: (before) => reported.push(before),
      signal: stop.signal,
    }),
    /enough/,
  )
  assert.equal(begun.length, 74)
  assert.equal(reported.at(-1), 20n)
})
