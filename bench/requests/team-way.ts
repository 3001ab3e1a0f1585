/** Requests and replies on Kafka topics, state in PostgreSQL, files in S3: a server of a team. */
import { randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import { Admin, Consumer, MessagesStreamModes, Producer, stringSerializers } from '@platformatic/kafka'
import {
  applicationName,
  arrivedReply,
  type ReplyBox,
  type RequestClient,
  requestText,
  type RequestWay,
} from './request-way.ts'

export interface TeamServers {
  /** URL of a database for the repository. */
  readonly repository: string
  /** As the tests' variables hold them. */
  readonly kafka: { readonly bootstrap: string }
  readonly s3: {
    readonly endpoint: string
    readonly region: string
    readonly accessKeyId: string
    readonly secretAccessKey: string
  }
}

const partitions = 4

export async function openTeamWay(
  box: ReplyBox,
  { repository, kafka, s3 }: TeamServers,
): Promise<RequestWay> {
  await using opened = new AsyncDisposableStack()
  const name = `bulkhead-bench-${process.pid}-${randomBytes(3).toString('hex')}`
  const topics = { requests: `${name}.requests`, replies: `${name}.replies` }
  const brokers = kafka.bootstrap.split(',')
  const admin = opened.use(closing(new Admin({ clientId: name, bootstrapBrokers: brokers })))
  const all = Object.values(topics)
  await admin.client.createTopics({ topics: all, partitions, replicas: 1 })
  opened.defer(() => admin.client.deleteTopics({ topics: all }))
  await makeBucket(s3, name, opened)
  const kept = opened.move()
  return {
    name: 'requests-team',
    application: {
      stores: {
        results: {
          connector: 's3',
          config: {
            bucket: name,
            endpoint: s3.endpoint,
            region: s3.region,
            accessKeyId: s3.accessKeyId,
            forcePathStyle: true,
            secretAccessKey: { secret: 'store' },
          },
        },
      },
      triggers: { requests: { kafka: { cluster: 'main', topic: topics.requests } } },
      replies: { main: { kafka: { cluster: 'main', topic: topics.replies } } },
    },
    platform: {
      repository: { postgres: { url: { env: 'BENCH_REPOSITORY' } } },
      kafka: { main: { bootstrap: brokers } },
    },
    environment: {
      BENCH_REPOSITORY: repository,
      [`BULKHEAD_SECRET__${applicationName.toUpperCase()}__STORE`]: s3.secretAccessKey,
    },
    open: () => topicClient(brokers, topics, name, box),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function topicClient(
  brokers: string[],
  topics: { readonly requests: string; readonly replies: string },
  name: string,
  box: ReplyBox,
): Promise<RequestClient> {
  await using opened = new AsyncDisposableStack()
  const producer = opened.use(
    closing(new Producer({ clientId: name, bootstrapBrokers: brokers, serializers: stringSerializers })),
  ).client
  const consumer = opened.use(
    closing(
      new Consumer<Buffer, Buffer, string, string>({
        clientId: name,
        groupId: name,
        bootstrapBrokers: brokers,
        autocommit: false,
        deserializers: { headerKey: String, headerValue: String },
      }),
    ),
  ).client
  const stream = await consumer.consume({ topics: [topics.replies], mode: MessagesStreamModes.EARLIEST })
  const reading = (async () => {
    for await (const { value } of stream) box.arrived(arrivedReply(JSON.parse(value.toString())))
  })()
  opened.defer(async () => {
    await stream.close()
    await reading
  })
  const kept = opened.move()
  return {
    async send(requestId) {
      const value = requestText(requestId)
      await producer.send({ messages: [{ topic: topics.requests, key: requestId, value }] })
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function makeBucket(
  s3: TeamServers['s3'],
  Bucket: string,
  opened: AsyncDisposableStack,
): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = s3
  const credentials = { accessKeyId, secretAccessKey }
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials })
  opened.defer(() => client.destroy())
  await client.send(new CreateBucketCommand({ Bucket }))
  opened.defer(async () => {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
    for (const { Key, UploadId } of Uploads)
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket })) {
      const Objects = Contents.map(({ Key }) => ({ Key }))
      if (Objects.length > 0) await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    }
    await client.send(new DeleteBucketCommand({ Bucket }))
  })
}

function closing<T extends { close(): Promise<unknown> }>(
  client: T,
): AsyncDisposable & { readonly client: T } {
  return {
    client,
    async [Symbol.asyncDispose]() {
      await client.close()
    },
  }
}
