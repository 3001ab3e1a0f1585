import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Producer } from '@platformatic/kafka'
import { readRequest, readRows, startProxy } from '@bulkhead/connector-sdk/testing'
import { brokersOf, createTopic, type TestTopic, withAdmin } from '../../../test/support/kafka.ts'
import { produce } from './testing/produce.ts'
import { never, open, rowsOf } from './testing/read.ts'

const settings = (server: TestTopic): { readonly brokers: string[] } => ({ brokers: brokersOf(server) })
const offsets = { columns: ['offset'] }

test('ends where the topic ended when the read began, while others write', async (t) => {
  const made = await createTopic(t, { partitions: 2 })
  await produce(
    made,
    made.topic,
    Array.from({ length: 100 }, (_, row) => ({ partition: row % 2, value: `${row}` })),
  )
  await using source = await open(settings(made))
  const query = { topic: made.topic, columns: ['partition', 'offset', 'value'] }
  await using extract = await source.prepare(readRequest({ query }, 'columns', { batchRows: 10 }), never)
  await produce(made, made.topic, [{ value: '"later"' }, { partition: 1, value: '"later"' }])
  const rows = await readRows(extract, never)
  assert.deepEqual(
    rows,
    Array.from({ length: 100 }, (_, at) => {
      const [partition, offset] = [Math.floor(at / 50), at % 50]
      return { partition, offset: BigInt(offset), value: String(2 * offset + partition) }
    }),
  )
})

test('reads between offsets and times, the end left out', async (t) => {
  // records of weeks ago, which the broker would take away at its next look
  const made = await createTopic(t, { partitions: 2, settings: { 'retention.ms': '-1' } })
  const start = Date.parse('2026-10-31T00:00:00Z')
  for (const partition of [0, 1])
    await produce(
      made,
      made.topic,
      Array.from({ length: 10 }, (_, at) => ({ partition, value: '1', timestampMs: start + at * 1000 })),
    )
  const { topic } = made
  await using source = await open(settings(made))
  const read = async (query: object): Promise<unknown[]> =>
    (await rowsOf(source, { topic, partitions: [0], ...offsets, ...query })).map(({ offset }) =>
      Number(offset),
    )
  assert.deepEqual(await read({ from: { offset: 3 }, to: { offset: '5' } }), [3, 4])
  assert.deepEqual(await read({ from: { offsets: { 0: 8 } } }), [8, 9])
  assert.deepEqual(await read({ from: { timestamp: '2026-10-31T00:00:07Z' } }), [7, 8, 9])
  assert.deepEqual(
    await read({
      from: { timestamp: '2026-10-31T01:00:01.0001+01:00' },
      to: { timestamp: '2026-10-31T00:00:04Z' },
    }),
    [2, 3],
  )
  assert.deepEqual(await read({ from: { timestamp: '2027-01-01T00:00:00Z' } }), [])
  assert.deepEqual(await read({ to: { timestamp: '2020-01-01T00:00:00Z' } }), [])
  assert.deepEqual(await read({ from: 'latest' }), [])
  assert.deepEqual(await read({ from: { offset: 5 }, to: { offset: 2 } }), [])
  assert.deepEqual(await read({ from: { offset: 8 }, to: { offset: 100 } }), [8, 9])
  const both = await rowsOf(source, {
    topic,
    partitions: [1, 0],
    columns: ['partition'],
    from: { offset: 9 },
  })
  assert.deepEqual(both, [{ partition: 1 }, { partition: 0 }])
  await assert.rejects(rowsOf(source, { topic, from: { offsets: { 0: 1 } } }), {
    code: 'kafka-query-invalid',
    path: 'query.from.offsets',
  })
})

test('touches no consumer group', async (t) => {
  const made = await createTopic(t)
  await produce(made, made.topic, [{ value: '1' }])
  await using source = await open(settings(made))
  assert.equal((await rowsOf(source, { topic: made.topic })).length, 1)
  // others work at the same broker: a group of this test would hold offsets of its topic
  const offsets = await withAdmin(made, async (admin) => {
    const groups = [...(await admin.listGroups()).keys()]
    const held = await Promise.all(
      groups.map((groupId) =>
        admin.listConsumerGroupOffsets({
          groups: [{ groupId, topics: [{ name: made.topic, partitionIndexes: [0] }] }],
        }),
      ),
    )
    return held
      .flat()
      .flatMap(({ groupId, topics }) =>
        topics.flatMap(({ partitions }) =>
          partitions.map(({ committedOffset }) => [groupId, committedOffset]),
        ),
      )
  })
  assert.deepEqual(
    offsets.filter(([, committed]) => Number(committed) >= 0),
    [],
  )
})

test('leaves out what was aborted, although the marker lies in a later answer, and markers themselves', async (t) => {
  const made = await createTopic(t)
  const { topic } = made
  const producer = new Producer({
    clientId: 'bulkhead-tests',
    bootstrapBrokers: brokersOf(made),
    idempotent: true,
    transactionalId: `${topic}-writer`,
  })
  t.after(() => producer.close())
  const write = async (values: readonly string[], end: 'commit' | 'abort'): Promise<void> => {
    const transaction = await producer.beginTransaction()
    for (const value of values)
      await transaction.send({
        messages: [{ topic, partition: 0, value: Buffer.from(JSON.stringify(value + 'x'.repeat(3000))) }],
      })
    await transaction[end]()
  }
  await write(['kept 1'], 'commit')
  await write(['aborted 1', 'aborted 2', 'aborted 3', 'aborted 4'], 'abort')
  await produce(made, topic, [{ value: JSON.stringify(`plain${'x'.repeat(3000)}`) }])
  await write(['aborted 5', 'aborted 6'], 'abort')
  await write(['kept 2'], 'commit')
  const read = async (isolation: string): Promise<string[]> => {
    // Small answers, so that a transaction lies in several.
    await using source = await open({ ...settings(made), isolation, fetchSize: '1KiB' })
    return (await rowsOf(source, { topic })).map(({ value }) =>
      (JSON.parse(String(value)) as string).replace(/x+$/, ''),
    )
  }
  assert.deepEqual(await read('read-committed'), ['kept 1', 'plain', 'kept 2'])
  assert.equal((await read('read-uncommitted')).length, 9)
})

test('ends before a transaction that is still open', async (t) => {
  const made = await createTopic(t)
  const { topic } = made
  const producer = new Producer({
    clientId: 'bulkhead-tests',
    bootstrapBrokers: brokersOf(made),
    idempotent: true,
    transactionalId: `${topic}-open`,
  })
  t.after(() => producer.close())
  await produce(made, topic, [{ value: '1' }])
  const transaction = await producer.beginTransaction()
  await transaction.send({ messages: [{ topic, partition: 0, value: Buffer.from('2') }] })
  await using source = await open(settings(made))
  assert.deepEqual(await rowsOf(source, { topic }), [{ value: '1' }])
  await transaction.commit()
  // the coordinator tells the partition after it has told the producer
  let rows = await rowsOf(source, { topic })
  for (let look = 0; look < 200 && rows.length < 2; look++) {
    await sleep(50)
    rows = await rowsOf(source, { topic })
  }
  assert.deepEqual(rows, [{ value: '1' }, { value: '2' }])
})

test('passes over what was compacted away', async (t) => {
  const made = await createTopic(t, {
    settings: {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.01',
      'min.compaction.lag.ms': '0',
      'max.compaction.lag.ms': '100',
      'delete.retention.ms': '0',
    },
  })
  const { topic } = made
  for (let round = 0; round < 3; round++) {
    await produce(
      made,
      topic,
      Array.from({ length: 20 }, (_, key) => ({ key: `k${key}`, value: `${round}` })),
    )
    await sleep(150)
  }
  await using source = await open(settings(made))
  const query = { topic, columns: ['offset', 'key', 'value'] }
  // The cleaner works when it wants to: whatever it has done, no key is lost and the read ends.
  const deadline = Date.now() + 20_000
  for (;;) {
    const rows = await rowsOf(source, query)
    const newest = new Map(rows.map(({ key, value }) => [key, value]))
    assert.equal(newest.size, 20)
    assert.ok([...newest.values()].every((value) => value === '2'))
    if (rows.length < 60) break
    assert.ok(Date.now() < deadline, 'the broker compacts nothing: this proves nothing')
    await produce(made, topic, [{ key: 'k0', value: '2' }])
    await sleep(500)
  }
})

test('reads every compression', async (t) => {
  const made = await createTopic(t)
  const used = ['none', 'gzip', 'zstd', 'lz4', 'snappy'] as const
  for (const compression of used)
    await produce(
      made,
      made.topic,
      Array.from({ length: 50 }, () => ({ value: `"${compression}"` })),
      compression,
    )
  await using source = await open({ ...settings(made), fetchSize: '1KiB' })
  const rows = await rowsOf(source, { topic: made.topic })
  assert.deepEqual(
    rows.map(({ value }) => value),
    used.flatMap((each) => Array.from({ length: 50 }, () => `"${each}"`)),
  )
})

test('names the record that is not what the query says, and does not show it', async (t) => {
  const made = await createTopic(t)
  await produce(made, made.topic, [{ value: '{}' }, { value: 'secret content' }, { value: Buffer.of(0xff) }])
  await using source = await open(settings(made))
  const { topic } = made
  for (const [query, offset] of [
    [{ topic }, 1],
    [{ topic, from: { offset: 2 }, value: 'text' }, 2],
  ] as const) {
    await assert.rejects(rowsOf(source, query), (error: { code: string; message: string }) => {
      assert.equal(error.code, 'kafka-value-invalid')
      assert.match(error.message, new RegExp(`offset ${offset} of partition 0`))
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
  }
})

test('refuses to begin where records are gone, and says what there is', async (t) => {
  const made = await createTopic(t)
  await produce(
    made,
    made.topic,
    Array.from({ length: 10 }, () => ({ value: '1' })),
  )
  await withAdmin(made, (admin) =>
    admin.deleteRecords({ topics: [{ name: made.topic, partitions: [{ partition: 0, offset: 4n }] }] }),
  )
  await using source = await open(settings(made))
  assert.equal((await rowsOf(source, { topic: made.topic })).length, 6)
  await assert.rejects(rowsOf(source, { topic: made.topic, from: { offset: 3 } }), {
    code: 'kafka-offset-out-of-range',
    message: /from 4 to 10/,
    path: 'query.from',
  })
})

test('goes on at another connection when one is cut', async (t) => {
  const made = await createTopic(t)
  const value = JSON.stringify('x'.repeat(1000))
  await produce(
    made,
    made.topic,
    Array.from({ length: 500 }, () => ({ value })),
  )
  const [broker = ''] = brokersOf(made)
  const [host = '', port = ''] = broker.split(':')
  const proxy = await startProxy(t, { host, port: Number(port) })
  const address = `${proxy.host}:${proxy.port}`
  await using source = await open({ brokers: [address], addresses: { [broker]: address }, fetchSize: '4KiB' })
  await using extract = await source.prepare(
    readRequest({ query: { topic: made.topic } }, 'columns', { batchRows: 50 }),
    never,
  )
  let rows = 0
  for await (const batch of extract.read(never)) {
    assert.equal(batch.form, 'columns')
    if (rows === 0) proxy.cut()
    rows += batch.form === 'columns' ? batch.rows : 0
  }
  assert.equal(rows, 500)
})
