/** A stub on a consumer's own broker: the topics of the application, and nothing of its source. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Consumer } from '@platformatic/kafka'
import type { ReplyData } from '@bulkhead/contract'
import { produce } from '../../apps/server/src/triggers/kafka/topic.test-support.ts'
import { writeApplication } from '../support/application-folder.ts'
import { brokersOf, createTopic } from '../support/kafka.ts'
import { temporaryFolder } from './command.ts'
import { startStub } from './start-stub.ts'
import { until } from './until.ts'

test('a stub takes requests from a topic of a cluster that was given, and answers on one, each with its mark', async (t) => {
  const [requests, letters, answers] = [await createTopic(t), await createTopic(t), await createTopic(t)]
  const folder = await writeApplication(
    temporaryFolder(t),
    'shop',
    {
      connections: { api: { connector: 'http', config: { baseUrl: 'http://api.invalid/' } } },
      stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
      jobs: { sales: { source: { connection: 'api', query: { path: 'sales' } } } },
      triggers: {
        topic: { kafka: { cluster: 'main', topic: requests.topic, deadLetterTopic: letters.topic } },
      },
      replies: {
        answers: { kafka: { cluster: 'main', topic: answers.topic } },
        elsewhere: { kafka: { cluster: 'audit', topic: 'nobody.asks' } },
      },
    },
    {
      'tests/sales.yaml': JSON.stringify({
        request: { job: 'sales' },
        source: { rows: [{ id: 1 }] },
        expect: { rows: [{ id: 1 }] },
      }),
    },
  )
  const stub = await startStub(t, folder, ['--kafka', `main=${brokersOf(requests)[0] ?? ''}`])
  assert.match(stub.notices.join('\n'), /reply "elsewhere" is left out: .*--kafka audit=HOST:PORT/)
  assert.doesNotMatch(stub.notices.join('\n'), /"topic"|"answers"/)

  const replies: ReplyData[] = []
  const consumer = new Consumer({
    clientId: 'test',
    groupId: `stub-${answers.topic}`,
    bootstrapBrokers: brokersOf(answers),
    maxWaitTime: 200,
  })
  t.after(() => consumer.close(true))
  const stream = await consumer.consume({ topics: [answers.topic], mode: 'earliest', autocommit: false })
  stream.on('data', ({ value }) => replies.push(JSON.parse(String(value)) as ReplyData))

  const failing = { bulkheadStub: { outcome: 'source-unreachable' } }
  await produce(requests, [
    { value: JSON.stringify({ requestId: 'k-1', job: 'sales' }) },
    { value: JSON.stringify({ requestId: 'k-2', job: 'sales', context: failing }) },
    { value: JSON.stringify({ requestId: 'k-3', job: 'none' }) },
  ])
  await until('three replies', () => (replies.length === 3 ? true : undefined))
  const byId = replies.toSorted((a, b) => (a.requestId < b.requestId ? -1 : 1))
  assert.deepEqual(
    byId.map(({ status, error }) => [status, error?.code]),
    [
      ['completed', undefined],
      ['failed', 'http-unreachable'],
      ['failed', 'job-unknown'],
    ],
  )
  for (const { warnings } of byId) assert.match(warnings[0] ?? '', /^This is a stub of "shop"/)
  const link = byId[0]?.result?.files[0]?.url ?? ''
  assert.equal(await (await fetch(link)).text(), 'id\n1\n')
})
