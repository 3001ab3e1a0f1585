import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Producer } from '@platformatic/kafka'
import { fault, readRequest } from '@bulkhead/contract'
import { brokersOf, createTopic, withAdmin } from '../../../../../test/support/kafka.ts'
import type { ServedApplication } from '../../applications/applications.ts'
import { limitIntake } from '../../intake/limit-intake.ts'
import { committedOffsets, memoryIntake, produce, startTrigger, until } from './topic.test-support.ts'

const request = (id: string): string => JSON.stringify({ requestId: id, job: 'report' })

test('takes every form of a request, with the time and the trace of its record', async (t) => {
  const topic = await createTopic(t)
  const { intake, arrivals } = memoryIntake()
  const { trigger, group } = startTrigger(t, topic, intake)
  const timestampMs = Date.now() - 5000
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  const attributes = { specversion: '1.0', type: 'dev.bulkhead.run.requested.v1', source: '/portal' }
  await produce(topic, [
    { value: request('plain'), timestampMs },
    { value: JSON.stringify({ ...attributes, id: 'structured', data: { job: 'report' } }), timestampMs },
    {
      value: '{"job":"report","parameters":{"id":12345678901234567890}}',
      timestampMs,
      headers: {
        ce_specversion: '1.0',
        ce_type: attributes.type,
        ce_source: '/portal',
        ce_id: 'binary"é',
        'content-type': 'application/json',
        traceparent,
      },
    },
    {
      value: JSON.stringify({
        ...attributes,
        type: 'dev.knative.kafka.event',
        id: 'partition:0/offset:7',
        data: { requestId: 'wrapped', job: 'report' },
      }),
      timestampMs,
    },
  ])
  await until('all are taken', () => arrivals.length === 4)
  const requests = arrivals.map(({ input }) => readRequest(input))
  assert.deepEqual(Object.fromEntries(requests.map(({ id, source }) => [id, source])), {
    'binary"é': '/portal',
    plain: '',
    structured: '/portal',
    wrapped: '',
  })
  const binary = requests.find(({ id }) => id.startsWith('binary'))
  assert.deepEqual(binary?.data.parameters, { id: 12345678901234567890n })
  assert.ok(
    arrivals.every(({ madeAtMs, actor }) => madeAtMs === timestampMs && actor === `kafka:${topic.topic}`),
  )
  assert.deepEqual(
    arrivals.flatMap((arrival) => arrival.traceparent ?? []),
    [traceparent],
  )
  await until('all is committed', async () => (await committedOffsets(topic, group))[0] === 4n)
  assert.deepEqual(trigger.status(), {
    application: 'shop',
    trigger: 'requests',
    kind: 'kafka',
    isReady: true,
    reason: undefined,
    lag: 0,
  })
})

test('puts what is no request into the dead-letter topic, as it was and with the reason, and goes on', async (t) => {
  const topic = await createTopic(t)
  const dead = await createTopic(t)
  const { intake, ids } = memoryIntake()
  const { group } = startTrigger(t, topic, intake, { deadLetterTopic: dead.topic })
  const poison = Buffer.from([0xff, 0x00, 0x7b])
  await produce(topic, [{ value: poison, key: 'k', headers: { mine: 'yes' } }, { value: request('good') }])
  await until('the good one is taken', () => ids.includes('good'))
  await until('all is committed', async () => (await committedOffsets(topic, group))[0] === 2n)
  const { intake: reader, arrivals } = memoryIntake()
  const letters: unknown[] = []
  startTrigger(
    t,
    dead,
    {
      take: (arrival) => (letters.push(arrival.input), reader.take({ ...arrival, input: request('letter') })),
    },
    { deadLetterTopic: `${dead.topic}.none` },
  )
  await until('the letter is there', () => arrivals.length === 1)
  assert.deepEqual(letters, [poison])
})

test('is held back by a full queue and goes on behind it, while other topics are read', async (t) => {
  const [full, free] = [await createTopic(t), await createTopic(t)]
  let room = 3
  const held = memoryIntake(async () => {
    if (room === 0) throw fault('queue-full', '3 runs of the application "shop" wait, and no more may')
    room--
  })
  const other = memoryIntake()
  const { trigger, group } = startTrigger(t, full, held.intake)
  startTrigger(t, free, other.intake)
  await produce(
    full,
    Array.from({ length: 10 }, (_, index) => ({ value: request(`r-${index}`) })),
  )
  await until('three are taken', () => held.ids.length === 3)
  await produce(free, [{ value: request('free') }])
  await until('the other topic is read', () => other.ids.length === 1)
  await until('what was taken is committed', async () => (await committedOffsets(full, group))[0] === 3n)
  const { isReady, reason, lag } = trigger.status()
  assert.deepEqual([isReady, lag], [true, 7])
  assert.match(reason ?? '', /and no more may$/)
  room = 100
  await until('all are taken', () => held.ids.length === 10)
  assert.equal(new Set(held.ids).size, 10)
  assert.equal(trigger.status().reason, undefined)
})

test('an application that has too many a second reads its topic more slowly, loses nothing, and slows nobody else', async (t) => {
  const [fast, other] = [await createTopic(t), await createTopic(t)]
  const perSecond = 5
  const held: string[] = []
  const limitedTo = (name: string, requestsPerSecond: number | undefined): ServedApplication =>
    ({
      application: { name, manifest: { spec: { policy: { limits: { requestsPerSecond } } } } },
    }) as unknown as ServedApplication
  const applications = {
    get: (name: string) => limitedTo(name, name === 'shop' ? perSecond : undefined),
  }
  const own = memoryIntake()
  const limited = limitIntake(own.intake, {
    applications,
    requestsPerSecond: undefined,
    onHeld: (name) => held.push(name),
    now: Date.now,
  })
  const begun = Date.now()
  const { trigger, group, warnings } = startTrigger(t, fast, limited)
  const others = memoryIntake()
  startTrigger(t, other, others.intake)
  const all = Array.from({ length: 4 * perSecond }, (_, index) => `r-${index}`)
  await produce(
    fast,
    all.map((id) => ({ value: request(id) })),
  )
  await until('it is held back', () => held.length > 0)
  const taken = own.ids.length
  assert.ok(taken < all.length, `${taken} were taken`)
  await produce(other, [{ value: request('free') }])
  await until('the other topic is read', () => others.ids.includes('free'))
  // to be slow is what it is for
  assert.equal(trigger.status().isReady, true)
  await until('all are taken', () => own.ids.length >= all.length, 60_000)
  assert.deepEqual(own.ids.toSorted(), all.toSorted())
  // a second's worth may come at once
  assert.ok(Date.now() - begun >= (1000 * (all.length - perSecond)) / perSecond - 100)
  assert.equal(warnings.filter((line) => line.includes('waits: More than 5 requests a second')).length, 1)
  await until('all is committed', async () => (await committedOffsets(fast, group))[0] === BigInt(all.length))
})

test('keeps what a repository that is away cannot take, and says that it is not ready', async (t) => {
  const topic = await createTopic(t)
  let away = true
  const { intake, ids } = memoryIntake(async () => {
    if (away) throw fault('repository-unavailable', 'The repository cannot be reached')
  })
  const { trigger, group } = startTrigger(t, topic, intake)
  await produce(topic, [{ value: request('one') }])
  await until('it is not ready', () => trigger.status().reason === 'The repository cannot be reached')
  assert.equal(trigger.status().isReady, false)
  assert.deepEqual(await committedOffsets(topic, group), [-1n])
  away = false
  await until('it is taken', () => ids.length === 1)
  assert.equal(trigger.status().isReady, true)
})

test('goes on where it was committed when it is started again, and takes nothing twice', async (t) => {
  const topic = await createTopic(t, { partitions: 3 })
  const { intake, ids } = memoryIntake()
  const first = startTrigger(t, topic, intake)
  const batch = (from: number) =>
    Array.from({ length: 300 }, (_, index) => ({ value: request(`r-${from + index}`), partition: index % 3 }))
  await produce(topic, batch(0))
  await until('some are taken', () => ids.length > 10)
  await first.trigger.stop()
  const taken = ids.length
  const offsets = await committedOffsets(topic, first.group, 3)
  assert.equal(Number(offsets.reduce((sum, offset) => sum + (offset > 0n ? offset : 0n), 0n)), taken)
  await produce(topic, batch(300))
  startTrigger(t, topic, intake, { group: first.group })
  await until('all are taken', () => ids.length >= 600)
  await sleep(200)
  assert.equal(ids.length, 600)
  assert.equal(new Set(ids).size, 600)
})

test('reports a topic that is not there, and reads it when it is', async (t) => {
  const present = await createTopic(t)
  const missing = { ...present, topic: `bulkhead-test-${randomUUID()}` }
  t.after(() => withAdmin(present, (admin) => admin.deleteTopics({ topics: [missing.topic] })))
  const { intake, ids } = memoryIntake()
  const { trigger } = startTrigger(t, missing, intake)
  await until('it is reported', () => trigger.status().reason !== 'It is starting')
  assert.equal(trigger.status().isReady, false)
  assert.equal(trigger.status().reason, `The Kafka cluster has no topic "${missing.topic}"`)
  await withAdmin(present, (admin) =>
    admin.createTopics({ topics: [missing.topic], partitions: 1, replicas: 1 }),
  )
  await produce(missing, [{ value: request('late') }])
  await until('it is read', () => ids.length === 1)
  assert.equal(trigger.status().isReady, true)
})

test('refuses a topic that can replay what is no longer remembered, and says what to do', async (t) => {
  for (const [settings, retention, message] of [
    [
      { 'retention.ms': '172800000' },
      'P1D',
      /keeps messages for 2 days; requests are remembered for 1 days$/,
    ],
    [{ 'retention.ms': '-1' }, 'P30D', /keeps messages for ever/],
    [{ 'cleanup.policy': 'compact' }, 'P30D', /is compacted and keeps messages for ever/],
  ] as const) {
    const topic = await createTopic(t, { settings })
    const { intake, ids } = memoryIntake()
    await produce(topic, settings === undefined ? [] : [{ value: request('one'), key: 'k' }])
    const { trigger } = startTrigger(t, topic, intake, { retention })
    await until('it is refused', () => message.test(trigger.status().reason ?? ''))
    assert.equal(trigger.status().isReady, false)
    assert.deepEqual(ids, [])
    await trigger.stop()
  }
})

test('waits before a batch that is packed from far more than it may have, and says so', async (t) => {
  const topic = await createTopic(t)
  const { intake, ids } = memoryIntake()
  const { trigger } = startTrigger(t, topic, intake)
  const producer = new Producer({ clientId: 'test', bootstrapBrokers: brokersOf(topic), compression: 'gzip' })
  const send = (value: Buffer) => producer.send({ messages: [{ topic: topic.topic, value }] })
  await send(Buffer.from(request('good')))
  await until('the good one is taken', () => ids.includes('good'))
  await send(Buffer.alloc(65 * 1024 * 1024, 'x'))
  await producer.close()
  await until('it says so', () => trigger.status().reason?.includes('larger than 64 MiB') === true)
  assert.equal(trigger.status().isReady, false)
})

test('takes nothing of a transaction that was aborted', async (t) => {
  const topic = await createTopic(t)
  const producer = new Producer({
    clientId: 'test',
    bootstrapBrokers: brokersOf(topic),
    idempotent: true,
    transactionalId: topic.topic,
  })
  for (const [id, end] of [
    ['aborted-1', 'abort'],
    ['kept', 'commit'],
    ['aborted-2', 'abort'],
  ] as const) {
    const transaction = await producer.beginTransaction()
    await transaction.send({ messages: [{ topic: topic.topic, value: Buffer.from(request(id)) }] })
    await transaction[end]()
  }
  await producer.close()
  await produce(topic, [{ value: request('after') }])
  const { intake, ids } = memoryIntake()
  const { group } = startTrigger(t, topic, intake)
  await until('the rest is taken', () => ids.length === 2)
  assert.deepEqual(ids, ['kept', 'after'])
  await until('it is committed', async () => (await committedOffsets(topic, group))[0] === 7n)
})

test('says what to do when the brokers allow no session of that length', async (t) => {
  const topic = await createTopic(t)
  const { intake } = memoryIntake()
  const { trigger, warnings } = startTrigger(t, topic, intake, { sessionMs: 40 * 60_000 })
  await until('it is reported', () => trigger.status().reason !== 'It is starting')
  assert.equal(trigger.status().reason, 'The Kafka cluster allows no consumer with a session of that length')
  assert.match(warnings.join(), /is not read: The Kafka cluster allows no consumer/)
})

test('reports a cluster that cannot be reached, and stops at once all the same', async (t) => {
  const { intake } = memoryIntake()
  const nowhere = { bootstrap: '127.0.0.1:9', topic: 'requests' }
  const { trigger } = startTrigger(t, nowhere, intake)
  await until('it is reported', () => trigger.status().reason !== 'It is starting')
  assert.match(trigger.status().reason ?? '', /^The Kafka cluster does not answer as it should/)
  const started = performance.now()
  await trigger.stop()
  assert.ok(performance.now() - started < 1000)
})
