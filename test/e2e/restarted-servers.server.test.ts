/**
 * Servers are restarted at some time while somebody reads. Each here is of this file alone, so that it may be: the
 * read fails as an outage, or goes on where it was, and the next one on the same connection works.
 */
import { test } from 'node:test'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { checkRestart } from '@bulkhead/connector-sdk/testing'
import { Admin, Producer } from '@platformatic/kafka'
import { MongoClient } from 'mongodb'
import kafka from '../../connectors/kafka/src/index.ts'
import mongodb from '../../connectors/mongodb/src/index.ts'
import mysql from '../../connectors/mysql/src/index.ts'
import postgres from '../../connectors/postgres/src/index.ts'
import s3 from '../../connectors/s3/src/index.ts'
import { startKafka } from '../../scripts/services/kafka.ts'
import { startMongodb } from '../../scripts/services/mongodb.ts'
import { startMysql } from '../../scripts/services/mysql.ts'
import { startPostgres } from '../../scripts/services/postgres.ts'
import { startS3 } from '../../scripts/services/s3.ts'
import { ownServer, patience, restarting } from './own-server.ts'

const ROWS = 40_000
const filler = 'x'.repeat(1000)

test('PostgreSQL: a read fails as an outage, and the next one on its connection works', async (t) => {
  const server = await ownServer(t, startPostgres)
  if (server === undefined) return
  const { hostname: host, port } = new URL(server.value)
  await checkRestart({
    connector: postgres,
    config: { host, port: Number(port), database: 'postgres', user: 'postgres' },
    large: { query: `SELECT i, '${filler}' AS t FROM generate_series(1, ${ROWS}) AS i` },
    ...restarting(server, 'SIGINT'),
    interrupted: { code: 'postgres-connection-lost' },
  })
})

test('MariaDB: a read fails as an outage, and the next one on its connection works', async (t) => {
  const server = await ownServer(t, startMysql)
  if (server === undefined) return
  const { hostname: host, port, username: user, password } = new URL(server.value)
  await checkRestart({
    connector: mysql,
    config: { host, port: Number(port), database: 'mysql', user, password },
    large: { query: `SELECT seq, '${filler}' AS t FROM seq_1_to_${ROWS}` },
    ...restarting(server, 'SIGTERM'),
    interrupted: { code: 'mysql-connection-lost' },
  })
})

test('MongoDB, by its protocol: a read fails as an outage, and the next one on its connection works', async (t) => {
  const server = await ownServer(t, startMongodb)
  if (server === undefined) return
  const write = async (): Promise<void> => {
    await using client = new MongoClient(server.value)
    const documents = Array.from({ length: ROWS / 2 }, (_, i) => ({ _id: i as never, text: filler }))
    await client.db('shop').collection('large').insertMany(documents)
  }
  await write()
  await checkRestart({
    connector: mongodb,
    config: { hosts: [new URL(server.value).host], database: 'shop', tls: { mode: 'disable' } },
    large: { query: { collection: 'large', find: {} } },
    stop: () => server.stop('SIGTERM'),
    async start() {
      await server.start(patience())
      await write() // it keeps all in memory
    },
    interrupted: { code: 'mongodb-connection-lost' },
  })
})

test('S3: a read of an object goes on where it was', async (t) => {
  const server = await ownServer(t, startS3)
  if (server === undefined) return
  const { endpoint, region, accessKeyId, secretAccessKey } = JSON.parse(server.value) as Record<
    string,
    string
  >
  const keys = { accessKeyId: accessKeyId ?? '', secretAccessKey: secretAccessKey ?? '' }
  const client = new S3Client({
    endpoint: endpoint ?? '',
    region: region ?? '',
    forcePathStyle: true,
    credentials: { ...keys }, // it notes in them where they come from
  })
  const content = Buffer.from(Array.from({ length: ROWS }, (_, i) => `${i} ${filler}\n`).join(''))
  await client.send(new CreateBucketCommand({ Bucket: 'restarted' }))
  await client.send(new PutObjectCommand({ Bucket: 'restarted', Key: 'large', Body: content }))
  client.destroy()
  await checkRestart({
    connector: s3,
    config: { endpoint, region, ...keys, bucket: 'restarted', forcePathStyle: true },
    large: { query: { key: 'large' } },
    ...restarting(server, 'SIGKILL'), // it would wait for its clients
    interrupted: 'resumes',
  })
})

test('Kafka: a read fails as an outage, and the next one on its connection works', async (t) => {
  const server = await ownServer(t, startKafka)
  if (server === undefined) return
  const { bootstrap } = JSON.parse(server.value) as { readonly bootstrap: string }
  const bootstrapBrokers = [bootstrap]
  const admin = new Admin({ clientId: 'restarted', bootstrapBrokers })
  await admin.createTopics({ topics: ['large'], partitions: 2, replicas: 1 })
  await admin.close()
  const producer = new Producer({ clientId: 'restarted', bootstrapBrokers, idempotent: true })
  const value = Buffer.from(JSON.stringify(filler.repeat(10)))
  for (let batch = 0; batch < 12; batch++) {
    const messages = Array.from({ length: 300 }, (_, i) => ({ topic: 'large', partition: i % 2, value }))
    await producer.send({ messages })
  }
  await producer.close()
  await checkRestart({
    connector: kafka,
    config: { brokers: bootstrapBrokers },
    large: { query: { topic: 'large' } },
    ...restarting(server, 'SIGKILL'),
    interrupted: { code: 'kafka-connection-lost' },
  })
})
