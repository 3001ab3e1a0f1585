/** Topics as those see them who write requests to them and wait for answers. */
import type { ReplyData } from '@bulkhead/contract'
import { Admin, Consumer, ListOffsetTimestamps, MessagesStreamModes, Producer } from '@platformatic/kafka'
import { brokersOf, type KafkaServer, readTopic, type TestRecord } from '../support/kafka.ts'

export interface Topics extends AsyncDisposable {
  /** Answers that came to the topics of replies, by `application/request`. */
  readonly answers: ReadonlyMap<string, ReplyData>
  send(topic: string, values: readonly (string | Buffer | undefined)[]): Promise<void>
  /** Messages that a consumer group has not committed yet, as the broker has it. */
  lag(topic: string, group: string): Promise<number>
  /** The first messages of a topic; waits for them. */
  read(topic: string, count: number): Promise<readonly TestRecord[]>
  /** Messages that were ever written. */
  end(topic: string): Promise<number>
}

/** The one partition that all of them have. */
const partitionIndex = 0

/** Makes topics and follows those of replies; they are deleted with it. */
export async function startTopics(
  server: KafkaServer,
  { all, replies }: { readonly all: readonly NewTopic[]; readonly replies: readonly string[] },
): Promise<Topics> {
  const client = { clientId: 'isolation', bootstrapBrokers: brokersOf(server) }
  const admin = new Admin(client)
  await Promise.all(
    all.map(({ name, settings = {} }) => {
      const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }))
      return admin.createTopics({ topics: [name], partitions: 1, replicas: 1, configs })
    }),
  )
  const producer = new Producer({ ...client, idempotent: true })
  const consumer = new Consumer<Buffer, Buffer, string, string>({
    ...client,
    groupId: `isolation-${process.pid}-${Date.now()}`,
    autocommit: false,
    maxWaitTime: 100,
    deserializers: { headerKey: String, headerValue: String },
  })
  const answers = new Map<string, ReplyData>()
  const stream = await consumer.consume({ topics: [...replies], mode: MessagesStreamModes.EARLIEST })
  const reading = (async () => {
    for await (const { value } of stream) {
      const data = JSON.parse(value.toString('utf8')) as ReplyData
      answers.set(`${data.application}/${data.requestId}`, data)
    }
  })()
  reading.catch(() => undefined) // seen when it ends

  async function end(topic: string): Promise<number> {
    const partitions = [{ partitionIndex, timestamp: ListOffsetTimestamps.LATEST }]
    const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions }] })
    return Number(found?.partitions[0]?.offset ?? 0n)
  }

  return {
    answers,
    async send(topic, values) {
      const messages = values.map((value) => ({
        topic,
        partition: partitionIndex,
        ...(value !== undefined && { value: Buffer.from(value) }),
      }))
      await producer.send({ messages })
    },
    async lag(topic, group) {
      const [found] = await admin.listConsumerGroupOffsets({ groups: [group] })
      const committed =
        found?.topics.find(({ name }) => name === topic)?.partitions[0]?.committedOffset ?? -1n
      return (await end(topic)) - Math.max(0, Number(committed))
    },
    end,
    read: (topic, count) => readTopic({ ...server, topic }, count),
    async [Symbol.asyncDispose]() {
      await producer.close()
      await consumer.close(true)
      await reading
      await admin.deleteTopics({ topics: all.map(({ name }) => name) })
      await admin.close()
    },
  }
}

export interface NewTopic {
  readonly name: string
  readonly settings?: Readonly<Record<string, string>>
}
