import { Producer } from '@platformatic/kafka'
import { fault } from '@bulkhead/contract'
import { answersOf, clusterFault } from './cluster-fault.ts'
import { clientOptions, type KafkaConnection } from './connection.ts'

export interface TopicRecord {
  /** Undefined: any partition. */
  readonly key: Uint8Array | undefined
  readonly value: Uint8Array | undefined
  readonly headers: readonly (readonly [name: string, value: string | Uint8Array])[]
}

/** Writes to one topic; what is sent at the same time goes in one batch. */
export interface TopicSender extends AsyncDisposable {
  /**
   * Resolves when all replicas in sync have the record.
   * @throws BulkheadError `cluster-unavailable`, `cluster-refused`, `topic-unknown`; `reply-refused` when the record
   *         is too large for the topic. It may have been written all the same: whoever sends again writes it twice
   */
  send(record: TopicRecord): Promise<void>
}

const batchRecords = 100
/** Well below the megabyte that a broker takes by default. */
const batchBytes = 512 * 1024
/** One try, with all that the client does in it. */
const sendMs = 20_000
/** A client that writes nothing for so long is closed. */
const idleMs = 60_000

interface Waiting {
  readonly record: TopicRecord
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

type Client = Producer<Buffer | undefined, Buffer | undefined, Buffer, Buffer>

/** @param options.create  whether a broker that makes topics by itself may make this one */
export function createTopicSender(
  connection: KafkaConnection,
  topic: string,
  options: { readonly create: boolean } = { create: false },
): TopicSender {
  let waiting: Waiting[] = []
  let client: Client | undefined
  let sending = false
  let idle: NodeJS.Timeout | undefined
  let closed = false

  function forgetClient(): void {
    const old = client
    client = undefined
    clearTimeout(idle)
    // says goodbye to a broker that may be silent: nobody waits for it
    void old?.close().catch(() => undefined)
  }

  async function sendAll(): Promise<void> {
    if (sending) return
    sending = true
    clearTimeout(idle)
    while (waiting.length > 0) {
      const batch = takeBatch()
      try {
        await write(batch)
        for (const { resolve } of batch) resolve()
      } catch (error) {
        forgetClient()
        await settleFailed(batch, error)
      }
    }
    sending = false
    if (closed) forgetClient()
    else if (client !== undefined) idle = setTimeout(forgetClient, idleMs).unref()
  }

  function takeBatch(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const each of waiting) {
      bytes += each.bytes
      if (count > 0 && (count === batchRecords || bytes > batchBytes)) break
      count++
    }
    const batch = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return batch
  }

  /** One record that a broker refuses must not be the end of the others: they are sent apart. */
  async function settleFailed(batch: readonly Waiting[], error: unknown): Promise<void> {
    const refused = answersOf(error).find((id) => recordFaults.has(id))
    if (refused === undefined || batch.length === 1) {
      const reason =
        refused === undefined
          ? clusterFault(error, topic)
          : fault('reply-refused', `The topic "${topic}" does not take the record (${refused})`)
      for (const { reject } of batch) reject(reason)
      return
    }
    for (const each of batch) {
      try {
        await write([each])
        each.resolve()
      } catch (own) {
        forgetClient()
        await settleFailed([each], own)
      }
    }
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    // idempotent: without it, a batch whose answer got lost would be written twice by the client itself
    client ??= new Producer({
      ...clientOptions(connection),
      idempotent: true,
      autocreateTopics: options.create,
    }) as unknown as Client
    const sent = client.send({
      messages: batch.map(({ record }) => ({
        topic,
        ...(record.key !== undefined && { key: Buffer.from(record.key) }),
        value: record.value === undefined ? undefined : Buffer.from(record.value),
        headers: new Map(record.headers.map(([name, value]) => [Buffer.from(name), Buffer.from(value)])),
      })),
    })
    sent.catch(() => undefined) // when time was over first
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(fault('cluster-unavailable', 'The Kafka cluster did not answer in time')),
        sendMs,
      )
    })
    try {
      await Promise.race([sent, late])
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    send(record) {
      if (closed) return Promise.reject(fault('cluster-unavailable', 'The server ends'))
      return new Promise((resolve, reject) => {
        waiting.push({ record, bytes: sizeOf(record), resolve, reject })
        // what else is sent in this turn goes along
        queueMicrotask(() => void sendAll())
      })
    },
    async [Symbol.asyncDispose]() {
      closed = true
      if (!sending) forgetClient()
    },
  }
}

const recordFaults = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD'])

function sizeOf({ key, value, headers }: TopicRecord): number {
  const ofHeaders = headers.reduce((sum, [name, text]) => sum + name.length + text.length, 0)
  return (key?.length ?? 0) + (value?.length ?? 0) + ofHeaders
}
