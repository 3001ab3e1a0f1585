import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import {
  Admin,
  Consumer,
  ListOffsetTimestamps,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka'
import { brokersOf, createTopic, proxyBroker, type TestTopic, withAdmin } from './kafka.ts'

let earlier: TestTopic

test('makes an empty topic with as many partitions as asked for, which keeps what is sent', async (t) => {
  earlier = await createTopic(t, { partitions: 2 })
  const { topic } = earlier
  const bootstrapBrokers = brokersOf(earlier)
  const producer = new Producer({ clientId: 'test', bootstrapBrokers, serializers: stringSerializers })
  await producer.send({ messages: [{ topic, partition: 1, key: 'a', value: 'one' }] })
  await producer.close()
  const consumer = new Consumer({
    clientId: 'test',
    groupId: topic,
    bootstrapBrokers,
    deserializers: stringDeserializers,
  })
  const offsets = await consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.LATEST })
  await consumer.close()
  assert.deepEqual(offsets.get(topic), [0n, 1n])
})

test('deletes the topic after the test', async (t) => {
  await withAdmin(await createTopic(t), async (admin) => {
    for (let attempt = 0; attempt < 100; attempt++) {
      if (!(await admin.listTopics()).includes(earlier.topic)) return
      await sleep(20)
    }
    assert.fail('the topic of the test before is still there')
  })
})

test('asks for a password on a listener of its own', async (t) => {
  const { sasl } = await createTopic(t)
  if (sasl === undefined) return t.skip('the broker of BULKHEAD_TEST_KAFKA names no such listener')
  const login = async (password: string): Promise<void> => {
    const admin = new Admin({
      clientId: 'test',
      bootstrapBrokers: [sasl.bootstrap],
      sasl: { mechanism: sasl.mechanism, username: sasl.username, password },
      retries: false,
    })
    try {
      await admin.listTopics()
    } finally {
      await admin.close()
    }
  }
  await login(sasl.password)
  await assert.rejects(login('wrong'), (error) =>
    /SASL_AUTHENTICATION_FAILED/.test(inspect(error, { depth: 9 })),
  )
})

test('a client of its listener for a proxy goes through the proxy with all that it does', async (t) => {
  const { proxy, ...server } = await proxyBroker(t)
  const { topic } = await createTopic(t)
  const { bytesToServer: before } = proxy
  const value = 'x'.repeat(100_000)
  const producer = new Producer({
    clientId: 'test',
    bootstrapBrokers: brokersOf(server),
    serializers: stringSerializers,
    retries: 5,
    retryDelay: 50,
  })
  try {
    await producer.send({ messages: [{ topic, key: 'a', value }] })
    assert.ok(proxy.bytesToServer - before > value.length)
    proxy.cut()
    await producer.send({ messages: [{ topic, key: 'b', value }] })
  } finally {
    await producer.close()
  }
})
