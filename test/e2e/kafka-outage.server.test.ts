/**
 * A broker goes and comes back while a topic of requests is read and replies are sent to it. It is of this file
 * alone, so that it may.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Admin } from '@platformatic/kafka'
import {
  memoryIntake,
  produce,
  startTrigger,
  until,
} from '../../apps/server/src/triggers/kafka/topic.test-support.ts'
import { createTopicSender } from '../../packages/engine/src/kafka/topic-sender.ts'
import { startKafka } from '../../scripts/services/kafka.ts'
import { MissingTool } from '../../scripts/services/missing-tool.ts'
import type { TestTopic } from '../support/kafka.ts'

const patience = (): AbortSignal => AbortSignal.timeout(120_000)
const request = (id: string): string => JSON.stringify({ requestId: id })

test('a topic is read on, and replies are sent on, when the broker goes and comes back', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-outage-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  let server
  try {
    server = await startKafka(folder, patience())
  } catch (error) {
    if (!(error instanceof MissingTool)) throw error
    return t.skip(error.message)
  }
  t.after(() => server[Symbol.asyncDispose]())
  const { bootstrap } = JSON.parse(server.value) as { readonly bootstrap: string }
  const topic: TestTopic = { bootstrap, topic: 'requests' }
  const admin = new Admin({ clientId: 'outage', bootstrapBrokers: [bootstrap] })
  await admin.createTopics({ topics: ['requests', 'replies'], partitions: 2, replicas: 1 })
  await admin.close()

  const { intake, ids } = memoryIntake()
  const { trigger } = startTrigger(t, topic, intake)
  await using replies = createTopicSender(
    { bootstrap: [bootstrap], tls: false, sessionMs: 10_000 },
    'replies',
  )
  const reply = (): Promise<void> => replies.send({ key: undefined, value: Buffer.from('{}'), headers: [] })
  await produce(topic, [{ value: request('before') }])
  await until('the first request is taken', () => ids.length === 1)
  await reply()

  await server.stop('SIGTERM')
  await assert.rejects(reply(), { code: 'cluster-unavailable', kind: 'transient' })
  await until('the trigger says that it is not ready', () => !trigger.status().isReady, 30_000)
  assert.match(trigger.status().reason ?? '', /^The Kafka cluster does not answer as it should/)

  await server.start(patience())
  await produce(topic, [{ value: request('after'), partition: 1 }])
  await until('the next request is taken', () => ids.includes('after'), 60_000)
  await until('the trigger is ready', () => trigger.status().isReady)
  await reply()
  t.diagnostic(`${ids.length - new Set(ids).size} requests were taken twice`)
})
