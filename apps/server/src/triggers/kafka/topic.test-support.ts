import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer, Producer } from '@platformatic/kafka'
import { type ApplicationManifest, fault, readRequest, requestIdentityOf } from '@bulkhead/contract'
import type { KafkaConnection } from '@bulkhead/engine/kafka/connection'
import { brokersOf, type TestTopic } from '../../../../../test/support/kafka.ts'
import type { ServedApplication } from '../../applications/applications.ts'
import type { Arrival, Intake } from '../../intake/intake.ts'
import type { TriggerContext } from '../trigger.ts'
import { startKafkaTrigger } from './kafka-trigger.ts'

export interface Sent {
  readonly value: string | Buffer
  readonly partition?: number
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly timestampMs?: number
}

export async function produce(topic: TestTopic, messages: readonly Sent[]): Promise<void> {
  const producer = new Producer({
    clientId: 'test',
    bootstrapBrokers: brokersOf(topic),
    idempotent: true,
  })
  await producer.send({
    messages: messages.map(({ value, partition = 0, key, headers = {}, timestampMs }) => ({
      topic: topic.topic,
      partition,
      value: Buffer.from(value),
      ...(key !== undefined && { key: Buffer.from(key) }),
      headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
      ...(timestampMs !== undefined && { timestamp: BigInt(timestampMs) }),
    })),
  })
  await producer.close()
}

function connectionOf(topic: TestTopic, sessionMs: number): KafkaConnection {
  return { bootstrap: brokersOf(topic), tls: false, sessionMs }
}

/** Offsets that a group has committed, partition by partition. */
export async function committedOffsets(topic: TestTopic, group: string, partitions = 1): Promise<bigint[]> {
  const consumer = new Consumer({ clientId: 'test', groupId: group, bootstrapBrokers: brokersOf(topic) })
  try {
    const numbers = Array.from({ length: partitions }, (_, index) => index)
    const offsets = await consumer.listCommittedOffsets({
      topics: [{ topic: topic.topic, partitions: numbers }],
    })
    return offsets.get(topic.topic) ?? []
  } finally {
    await consumer.close(true)
  }
}

/** An intake in memory that knows its requests by their ids, as a repository does. */
export function memoryIntake(before: (arrival: Arrival, id: string) => Promise<void> = async () => {}) {
  const ids: string[] = []
  const arrivals: Arrival[] = []
  const intake: Intake = {
    async take(arrival) {
      const { id } = requestIdentityOf(arrival.input)
      if (id === undefined)
        return { is: 'unreadable', error: fault('request-unreadable', 'The request is not JSON') }
      await before(arrival, id)
      readRequest(arrival.input)
      arrivals.push(arrival)
      ids.push(id)
      return { is: 'new', run: {} as never }
    },
  }
  return { intake, ids, arrivals }
}

export function startTrigger(
  t: Pick<TestContext, 'after'>,
  topic: TestTopic,
  intake: Intake,
  options: {
    readonly group?: string
    readonly deadLetterTopic?: string
    readonly retention?: string
    readonly warnings?: string[]
    readonly sessionMs?: number
  } = {},
) {
  const { group = `group-${randomUUID()}`, deadLetterTopic, retention = 'P30D', warnings = [] } = options
  const { sessionMs = 10_000 } = options
  const served = {
    application: { name: 'shop', manifest: {} as ApplicationManifest },
  } as unknown as ServedApplication
  const context: TriggerContext = {
    served,
    name: 'requests',
    intake,
    repository: {} as never,
    clusters: new Map([['main', connectionOf(topic, sessionMs)]]),
    retention: { requests: retention, runs: 'P90D', logs: 'P14D', revisions: 'P365D' },
    log: { debug: () => {}, info: () => {}, warn: (message) => warnings.push(message) },
    now: Date.now,
  }
  const trigger = startKafkaTrigger(
    {
      kafka: {
        cluster: 'main',
        topic: topic.topic,
        group,
        ...(deadLetterTopic !== undefined && { deadLetterTopic }),
      },
    },
    context,
  )
  t.after(() => trigger.stop())
  return { trigger, group, warnings }
}

export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 15_000,
): Promise<void> {
  const end = Date.now() + ms
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Not within ${ms} ms: ${what}`)
    await sleep(20)
  }
}
