/** A topic of its own for a test, on a real Kafka broker. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin, Consumer } from '@platformatic/kafka'
import { afterwards, type Scope } from './cleanup.ts'
import { serverVariable } from './environment.ts'
import { type Proxy, startProxy } from './proxy.ts'

/** What `BULKHEAD_TEST_KAFKA` holds, as JSON. */
export interface KafkaServer {
  /** `host:port`, several with commas. */
  readonly bootstrap: string
  /** Where it asks for a password, if it does anywhere. */
  readonly sasl?: {
    readonly bootstrap: string
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
    readonly username: string
    readonly password: string
  }
  /** A door at which the broker tells its clients the address `bootstrap`, where nobody is but the proxy of a test, and listens at `target`. */
  readonly proxied?: { readonly bootstrap: string; readonly target: string }
}

export interface TestTopic extends KafkaServer {
  readonly topic: string
}

/** How a topic is made: by default with one partition and what the broker has for the rest. */
export interface TopicOptions {
  readonly partitions?: number
  /** Settings of the topic, `cleanup.policy` and the like. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Makes an empty topic with one replica, and deletes it when the scope is over. */
export async function createTopic(
  scope: Scope,
  { partitions = 1, settings = {} }: TopicOptions = {},
): Promise<TestTopic> {
  const server = JSON.parse(serverVariable('kafka')) as KafkaServer
  const topic = `bulkhead-test-${process.pid}-${randomBytes(4).toString('hex')}`
  const configs = Object.entries(settings).map(([name, value]) => ({ name, value }))
  await withAdmin(server, (admin) =>
    admin.createTopics({ topics: [topic], partitions, replicas: 1, configs }),
  )
  afterwards(scope, () => withAdmin(server, (admin) => admin.deleteTopics({ topics: [topic] })))
  return { ...server, topic }
}

/** The addresses of a server, one by one. */
export function brokersOf({ bootstrap }: KafkaServer): string[] {
  return bootstrap.split(',').map((broker) => broker.trim())
}

/** Chaos holds the door for as long as it takes. */
const longestWaitMs = 300_000

/**
 * A broker whose connections a test can cut: all that its clients do goes through the proxy. One test at a time:
 * the next one waits for its turn.
 * @throws when the broker of the environment has no such door
 */
export async function proxyBroker(
  scope: Scope,
): Promise<KafkaServer & { readonly target: string; readonly proxy: Proxy }> {
  const { proxied } = JSON.parse(serverVariable('kafka')) as KafkaServer
  if (proxied === undefined) throw new Error('The broker of BULKHEAD_TEST_KAFKA has no listener for a proxy')
  const { bootstrap, target } = proxied
  for (const begun = performance.now(); ; await sleep(200))
    try {
      return { bootstrap, target, proxy: await startProxy(scope, address(target), address(bootstrap)) }
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!isTaken || performance.now() - begun > longestWaitMs) throw error
    }
}

function address(text: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(`kafka://${text}`)
  return { host: hostname, port: Number(port) }
}

/** Hands an administrator of the broker to `use`, and closes it. */
export async function withAdmin<T>(server: KafkaServer, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: 'bulkhead-tests', bootstrapBrokers: brokersOf(server) })
  try {
    return await use(admin)
  } finally {
    await admin.close()
  }
}

export interface TestRecord {
  readonly key: string | undefined
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

/** The first records of a topic; waits for them. */
export async function readTopic(topic: TestTopic, count: number): Promise<TestRecord[]> {
  const consumer = new Consumer({
    clientId: 'bulkhead-tests',
    groupId: `read-${topic.topic}-${randomBytes(4).toString('hex')}`,
    bootstrapBrokers: brokersOf(topic),
    maxWaitTime: 200,
  })
  const records: TestRecord[] = []
  try {
    const stream = await consumer.consume({ topics: [topic.topic], mode: 'earliest', autocommit: false })
    for await (const { key, value, headers } of stream) {
      records.push({
        key: key?.toString(),
        value: value?.toString() ?? '',
        headers: Object.fromEntries([...headers].map(([name, text]) => [String(name), String(text)])),
      })
      if (records.length >= count) break
    }
  } finally {
    await consumer.close(true)
  }
  return records
}
