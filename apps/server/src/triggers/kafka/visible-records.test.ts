import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FetchedPartition } from './brokers.ts'
import { visibleRecords } from './visible-records.ts'

type Batch = NonNullable<FetchedPartition['records']>[number]

/** A batch of records from an offset on, of a producer; `end` makes it the marker of a transaction. */
function batch(
  first: number,
  count: number,
  options: { producer?: number; transactional?: boolean; end?: 'abort' | 'commit'; appended?: boolean } = {},
): Batch {
  const { producer = -1, transactional = false, end, appended = false } = options
  const marker = Buffer.from([0, 0, 0, end === 'commit' ? 1 : 0])
  return {
    firstOffset: BigInt(first),
    lastOffsetDelta: count - 1,
    attributes: (appended ? 8 : 0) | (transactional || end ? 16 : 0) | (end ? 32 : 0),
    firstTimestamp: 1000n,
    maxTimestamp: 9000n,
    producerId: BigInt(producer),
    records: Array.from({ length: count }, (_, index) => ({
      offsetDelta: index,
      timestampDelta: BigInt(index),
      key: end ? marker : null,
      value: Buffer.from(String(first + index)),
      headers: [],
    })),
  } as unknown as Batch
}

function visible(records: readonly Batch[], from = 0, aborted: readonly (readonly [number, number])[] = []) {
  const abortedTransactions = aborted.map(([producer, first]) => ({
    producerId: BigInt(producer),
    firstOffset: BigInt(first),
  }))
  const answer = { partitionIndex: 0, records: [...records], abortedTransactions }
  const { messages, next } = visibleRecords(answer, BigInt(from))
  return { offsets: messages.map(({ offset }) => Number(offset)), next: Number(next), messages }
}

test('leaves out what was aborted, also when its marker lies in a later answer', () => {
  const own = { producer: 7, transactional: true }
  const { offsets, next } = visible(
    [
      batch(0, 2, own),
      batch(2, 1),
      batch(3, 1, { producer: 7, end: 'abort' }),
      batch(4, 1, own),
      batch(5, 2, own),
    ],
    0,
    [
      [7, 0],
      [7, 5],
    ],
  )
  // the one at 4 belongs to no transaction of the list: it was committed
  assert.deepEqual([offsets, next], [[2, 4], 7])
})

test('keeps what was committed by a producer that aborted before', () => {
  const own = { producer: 7, transactional: true }
  const records = [
    batch(0, 1, own),
    batch(1, 1, { producer: 7, end: 'abort' }),
    batch(2, 1, own),
    batch(3, 1, { producer: 7, end: 'commit' }),
  ]
  assert.deepEqual(visible(records, 0, [[7, 0]]).offsets, [2])
})

test('begins where it was asked to, and goes on behind what holds no record', () => {
  const { offsets, next } = visible([batch(0, 5), batch(5, 1, { end: 'commit' })], 3)
  assert.deepEqual([offsets, next], [[3, 4], 6])
  assert.deepEqual(visible([], 3).next, 3)
})

test('takes the time of the record, or that of the broker where the topic says so', () => {
  assert.deepEqual(
    visible([batch(0, 2)]).messages.map(({ timestampMs }) => timestampMs),
    [1000, 1001],
  )
  const appended = visible([batch(0, 1, { appended: true })])
  assert.equal(appended.messages[0]?.timestampMs, 9000)
})
