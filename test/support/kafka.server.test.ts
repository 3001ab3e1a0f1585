import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Consumer,
  ListOffsetTimestamps,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka'
import { brokersOf, createTopic, type TestTopic, withAdmin } from './kafka.ts'

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
