/** A container without a server that replies to Kafka by itself, and remembers in a bucket. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { ReplyEvent } from '@bulkhead/contract'
import { type ApplicationSpec, s3Store, writeApplication } from '../support/application-folder.ts'
import { brokersOf, createTopic, readTopic, type TestTopic } from '../support/kafka.ts'
import { contentsOf, createBucket } from '../support/s3.ts'
import { bulkhead, json, temporaryFolder } from './command.ts'

const request = JSON.stringify({ requestId: 'order-1', job: 'copy' })
const run = ['run', '--application', 'application', '--supervise', '--remember']

/** An application that copies a file, and replies to a topic of the cluster `main`. */
async function application(t: TestContext, topic: string, stores: ApplicationSpec['stores']) {
  const folder = temporaryFolder(t)
  await mkdir(join(folder, 'in'))
  await writeFile(join(folder, 'in', 'a.csv'), 'n\r\n1\r\n')
  await writeApplication(join(folder, 'application'), 'shop', {
    connections: { inbox: { connector: 'files', config: { folder: join(folder, 'in') } } },
    ...(stores !== undefined && { stores }),
    jobs: {
      copy: { source: { connection: 'inbox', query: { path: 'a.csv' } }, output: { format: 'binary' } },
    },
    replies: { main: { kafka: { cluster: 'main', topic } } },
  })
  return folder
}

const local = { out: { connector: 'files', config: { folder: './out', createFolder: true } } }

async function repliesOn(topic: TestTopic, count: number): Promise<string[]> {
  const records = await readTopic(topic, count)
  for (const { key, headers } of records) {
    assert.equal(key, 'order-1')
    assert.equal(headers['ce_subject'], 'order-1')
  }
  return records.map(({ headers }) => (headers['ce_id'] ?? '').replace(/^[^/]*\//, '')).toSorted()
}

test('replies to a topic whose cluster a variable names, which the policy of the application does not reach', async (t) => {
  const topic = await createTopic(t)
  const folder = await application(t, topic.topic, local)
  const ended = await bulkhead(run, {
    folder,
    environment: {
      BULKHEAD_REQUEST: request,
      BULKHEAD_PLATFORM__KAFKA__MAIN__BOOTSTRAP: JSON.stringify(brokersOf(topic)),
    },
  })
  assert.equal(ended.code, 0, ended.stderr)
  assert.deepEqual(await repliesOn(topic, 1), ['1/completed'])
})

test('logs in as the platform file says, and names no password when it may not', async (t) => {
  const topic = await createTopic(t)
  const { sasl } = topic
  assert.ok(sasl, 'the broker asks nobody for a password')
  const folder = await application(t, topic.topic, local)
  const cluster = {
    bootstrap: sasl.bootstrap.split(','),
    sasl: { mechanism: sasl.mechanism, username: sasl.username, password: { env: 'BROKER_PASSWORD' } },
  }
  const platform = {
    apiVersion: 'bulkhead.dev/v1beta1',
    kind: 'Platform',
    spec: {
      kafka: { main: cluster, other: { ...cluster, sasl: { ...cluster.sasl, password: { env: 'NONE' } } } },
    },
  }
  await writeFile(join(folder, 'platform.yaml'), JSON.stringify(platform))
  const args = [...run, '--platform', 'platform.yaml', '--exit', 'answered']
  const refused = await bulkhead(args, {
    folder,
    environment: { BULKHEAD_REQUEST: request, BROKER_PASSWORD: 'wrong-password-7' },
  })
  // the reply is not where the application wants it, so the container is to be started again
  assert.notEqual(refused.code, 0, refused.stderr)
  assert.match(refused.stderr, /main.*refuses/s)
  assert.doesNotMatch(refused.stderr + refused.stdout, /wrong-password-7/)
  const accepted = await bulkhead(args, {
    folder,
    environment: { BULKHEAD_REQUEST: request, BROKER_PASSWORD: sasl.password },
  })
  assert.equal(accepted.code, 0, accepted.stderr)
  // what was not delivered is sent under its own id
  assert.deepEqual(await repliesOn(topic, 1), ['1/completed'])
  const { data } = json<ReplyEvent>(accepted)
  assert.equal(data.runId, json<ReplyEvent>(refused).data.runId, 'it was run again')
})

test('remembers in a bucket: of two containers at once one result is left, which both answer with', async (t) => {
  const [topic, bucket] = [await createTopic(t), await createBucket(t)]
  const folder = await application(t, topic.topic, { out: s3Store(bucket, 's3') })
  const environment = {
    BULKHEAD_REQUEST: request,
    BULKHEAD_ALLOW_LOOPBACK: '1',
    BULKHEAD_SECRET__SHOP__S3: bucket.secretAccessKey,
    BULKHEAD_PLATFORM__KAFKA__MAIN__BOOTSTRAP: JSON.stringify(brokersOf(topic)),
  }
  const both = await Promise.all([1, 2, 3].map(() => bulkhead(run, { folder, environment })))
  const replies = both.map((ended) => json<ReplyEvent>(ended).data)
  assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set(['completed']))
  assert.equal(new Set(replies.map(({ runId }) => runId)).size, 1, 'there are several outcomes')
  const { objects, uploads } = await contentsOf(bucket)
  const results = objects.filter(({ key }) => !key.includes('.bulkhead/'))
  assert.equal(results.length, 1)
  assert.equal(uploads.length, 0)
  const sent = await repliesOn(topic, 3)
  assert.ok(sent.includes('1/completed'), sent.join())
  const [file = assert.fail('no file')] = replies[2]?.result?.files ?? []
  assert.equal(await (await fetch(file.url)).text(), 'n\r\n1\r\n')
})
