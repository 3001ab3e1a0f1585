import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Consumer } from '@platformatic/kafka'
import type { ReplyEvent } from '@bulkhead/contract'
import { brokersOf, createTopic, type TestTopic } from '../../../../test/support/kafka.ts'
import type { KafkaConnection } from '../kafka/connection.ts'
import { createTopicSender } from '../kafka/topic-sender.ts'
import { Secret } from '../secrets/secret.ts'
import { createReplySender } from './reply-sender.ts'

const { signal } = new AbortController()
const secrets = { resolve: () => Promise.reject(new Error('no secret is asked for')) }

function eventOf(requestId: string, text = 'é'): ReplyEvent {
  return {
    specversion: '1.0',
    type: 'dev.bulkhead.run.completed.v1',
    source: '/bulkhead/applications/shop',
    subject: requestId,
    id: `${requestId}/1/completed`,
    time: '2026-11-21T09:00:00.000Z',
    datacontenttype: 'application/json',
    data: { requestId, context: text },
  } as unknown as ReplyEvent
}

function sendTo(
  topic: TestTopic,
  connection: KafkaConnection = { bootstrap: brokersOf(topic), tls: false, sessionMs: 10_000 },
) {
  const sender = createReplySender(new Map([['main', connection]]))
  return {
    send: (event: ReplyEvent, name = topic.topic) =>
      sender.send(
        event,
        {
          destination: { kafka: { cluster: 'main', topic: name }, messages: [] },
          path: 'spec.replies.main',
          baseFolder: '/',
          secrets,
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        },
        signal,
      ),
    [Symbol.asyncDispose]: () => sender[Symbol.asyncDispose](),
  }
}

interface Got {
  readonly key: string | undefined
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

async function read(topic: TestTopic, count: number): Promise<Got[]> {
  const consumer = new Consumer({
    clientId: 'test',
    groupId: `read-${topic.topic}-${count}`,
    bootstrapBrokers: brokersOf(topic),
    maxWaitTime: 200,
  })
  const got: Got[] = []
  try {
    const stream = await consumer.consume({ topics: [topic.topic], mode: 'earliest', autocommit: false })
    for await (const { key, value, headers } of stream) {
      got.push({
        key: key?.toString(),
        value: String(value),
        headers: Object.fromEntries([...headers].map(([name, text]) => [String(name), String(text)])),
      })
      if (got.length === count) break
    }
  } finally {
    await consumer.close(true)
  }
  return got
}

test('writes a CloudEvent in binary mode, keyed by the request id', async (t) => {
  const topic = await createTopic(t)
  await using sender = sendTo(topic)
  await sender.send(eventOf('r-1'))
  await sender.send({ ...eventOf(''), subject: 'unknown' })
  const [first, second] = await read(topic, 2)
  assert.deepEqual(first, {
    key: 'r-1',
    value: JSON.stringify({ requestId: 'r-1', context: 'é' }),
    headers: {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_type: 'dev.bulkhead.run.completed.v1',
      ce_source: '/bulkhead/applications/shop',
      ce_subject: 'r-1',
      ce_id: 'r-1/1/completed',
      ce_time: '2026-11-21T09:00:00.000Z',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
  })
  assert.equal(second?.key, undefined)
})

test('writes what is sent at once once each, in the order of each request', async (t) => {
  const topic = await createTopic(t, { partitions: 3 })
  await using sender = sendTo(topic)
  const count = 500
  await Promise.all(Array.from({ length: count }, (_, number) => sender.send(eventOf(`r-${number}`))))
  const got = await read(topic, count)
  assert.equal(new Set(got.map(({ key }) => key)).size, count)
})

test('lets no record that is too large for the topic take others with it', async (t) => {
  const topic = await createTopic(t, { settings: { 'max.message.bytes': '20000' } })
  await using sender = sendTo(topic)
  const sizes = [10, 30_000, 10, 15_000, 15_000]
  const results = await Promise.allSettled(
    sizes.map((size, number) => sender.send(eventOf(`r-${number}`, 'x'.repeat(size)))),
  )
  assert.deepEqual(
    results.map((result) =>
      result.status === 'rejected' ? (result.reason as { code: string }).code : 'sent',
    ),
    ['sent', 'reply-refused', 'sent', 'sent', 'sent'],
  )
  assert.equal((await read(topic, 4)).length, 4)
})

test('says of an unknown topic, an unknown cluster and a wrong password what they are, without the password', async (t) => {
  const topic = await createTopic(t)
  await using sender = sendTo(topic)
  await assert.rejects(sender.send(eventOf('r'), `${topic.topic}-missing`), { code: 'topic-unknown' })
  const nowhere = createReplySender(new Map())
  const destination = { kafka: { cluster: 'main', topic: 'replies' }, messages: [] }
  const address = { destination, path: 'spec.replies.main', baseFolder: '/', secrets }
  await assert.rejects(nowhere.send(eventOf('r'), address, signal), {
    code: 'cluster-unknown',
    path: 'spec.replies.main.kafka.cluster',
  })
  const { sasl } = topic
  if (sasl === undefined) return t.skip('the broker of BULKHEAD_TEST_KAFKA asks nobody for a password')
  const login = (password: string): KafkaConnection => ({
    bootstrap: [sasl.bootstrap],
    tls: false,
    sessionMs: 10_000,
    sasl: { mechanism: sasl.mechanism, username: sasl.username, password: new Secret(password) },
  })
  await using right = sendTo(topic, login(sasl.password))
  await right.send(eventOf('r'))
  await using wrong = sendTo(topic, login('canary-password'))
  const error = await wrong.send(eventOf('r')).catch((thrown: unknown) => thrown)
  assert.equal((error as { code: string }).code, 'cluster-refused')
  assert.doesNotMatch(String((error as Error).message), /canary-password/)
})

test('goes on by itself when a broker that was away is there', async (t) => {
  const topic = await createTopic(t)
  await using away = createTopicSender(
    { bootstrap: ['127.0.0.1:9'], tls: false, sessionMs: 10_000 },
    topic.topic,
  )
  const record = { key: undefined, value: Buffer.from('x'), headers: [] }
  await assert.rejects(away.send(record), { code: 'cluster-unavailable', kind: 'transient' })
  await assert.rejects(away.send(record), { code: 'cluster-unavailable' })
})
