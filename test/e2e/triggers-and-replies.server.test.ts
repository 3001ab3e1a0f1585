/**
 * A server as its operators start it: a request by each kind of trigger, its answer at each kind of destination,
 * and a restart in between that loses nothing.
 */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { Consumer } from '@platformatic/kafka'
import type { ReplyData, ReplyEvent } from '@bulkhead/contract'
import { produce, until } from '../../apps/server/src/triggers/kafka/topic.test-support.ts'
import { writeApplication } from '../support/application-folder.ts'
import { brokersOf, createTopic, type TestTopic } from '../support/kafka.ts'
import { type Started, startBulkhead, temporaryFolder } from './command.ts'

const rows = 'id,name\n1,é\n2,b\n'
const secret = `whsec_${Buffer.from('a secret of twenty-four b').toString('base64')}`

/** What came to a webhook, its signature checked. */
async function startHook(t: TestContext) {
  const events: ReplyEvent[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = request.headers
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
      const digest = createHmac('sha256', key)
        .update(`${String(id)}.${String(time)}.${body}`)
        .digest('base64')
      if (signature === `v1,${digest}`) events.push(JSON.parse(body) as ReplyEvent)
      response.writeHead(signature === `v1,${digest}` ? 204 : 401).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  return { events, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }
}

/** Replies on a topic, as they come. */
async function follow(t: TestContext, topic: TestTopic) {
  const replies: { readonly id: string; readonly key: string; readonly data: ReplyData }[] = []
  const consumer = new Consumer({
    clientId: 'test',
    groupId: `follow-${topic.topic}`,
    bootstrapBrokers: brokersOf(topic),
    maxWaitTime: 200,
  })
  const stream = await consumer.consume({ topics: [topic.topic], mode: 'earliest', autocommit: false })
  stream.on('data', ({ key, value, headers }) => {
    const id = [...headers].find(([name]) => String(name) === 'ce_id')?.[1]
    replies.push({ id: String(id), key: String(key), data: JSON.parse(String(value)) as ReplyData })
  })
  t.after(() => consumer.close(true))
  return replies
}

test('requests come by topic, folder and schedule, and are answered on a topic, a webhook and in files', async (t) => {
  const folder = temporaryFolder(t)
  const [requests, letters, replies] = [
    await createTopic(t, { partitions: 2 }),
    await createTopic(t),
    await createTopic(t),
  ]
  const hook = await startHook(t)
  const apps = join(folder, 'applications')
  const shop = await writeApplication(
    join(apps, 'shop'),
    'shop',
    {
      connections: { files: { connector: 'file-records', config: { folder: './data' } } },
      stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
      jobs: {
        report: {
          parameters: { file: { type: 'string', default: 'rows.csv' } },
          source: { connection: 'files', query: { path: { $param: 'file' }, format: { type: 'delimited' } } },
          output: { format: 'csv', fileName: 'report.csv' },
          deliver: { store: 'out' },
        },
      },
      triggers: {
        topic: { kafka: { cluster: 'main', topic: requests.topic, deadLetterTopic: letters.topic } },
        drop: { folder: { path: './inbox', settle: 'PT0.2S' } },
        soon: {
          cron: { schedule: '*/2 * * * * *', overlap: 'queue' },
          job: 'report',
          parameters: { file: { fromSchedule: { format: "'rows-'yyyy'.csv'" } } },
        },
      },
      replies: {
        main: { kafka: { cluster: 'main', topic: replies.topic }, messages: ['accepted'] },
        hook: { webhook: { url: hook.url, secret: { secret: 'hook' } } },
        kept: { file: { folder: './replies' } },
      },
    },
    { 'data/rows.csv': rows, [`data/rows-${new Date().getUTCFullYear()}.csv`]: rows },
  )
  const platform = join(folder, 'platform.yaml')
  await writeFile(
    platform,
    JSON.stringify({
      apiVersion: 'bulkhead.dev/v1beta1',
      kind: 'Platform',
      spec: {
        http: { port: 0 },
        files: { port: 0 },
        kafka: { main: { bootstrap: brokersOf(requests) } },
      },
    }),
  )
  const start = (): Started =>
    startBulkhead(['up', '--apps', apps, '--platform', platform], {
      folder,
      environment: {
        BULKHEAD_ALLOW_LOOPBACK: '1',
        BULKHEAD_SECRET__SHOP__HOOK: secret,
        XDG_STATE_HOME: join(folder, 'state'),
      },
    })
  let server = start()
  const stop = async (): Promise<void> => {
    server.child.kill('SIGTERM')
    const { code, stderr } = await server.ended
    assert.equal(code, 128 + 15, stderr.slice(-2000))
  }
  t.after(() => server.child.kill('SIGKILL'))

  const onTopic = await follow(t, replies)
  const ask = (id: string): string => JSON.stringify({ requestId: id, job: 'report', context: { of: id } })
  const completed = (): string[] =>
    onTopic.filter(({ data }) => data.status === 'completed').map(({ data }) => data.requestId)
  await produce(requests, [{ value: ask('by-topic') }])
  await until('the topic is answered', () => completed().includes('by-topic'), 30_000)
  await mkdir(join(shop, 'inbox'), { recursive: true })
  await writeFile(join(shop, 'inbox', 'r.json'), ask('by-folder'))
  await until('the file is answered', () => completed().includes('by-folder'))
  await until('the schedule is answered', () => completed().some((id) => id.startsWith('soon@')))

  // what comes while no server is there is taken by the next one, which goes on where the last one was
  await stop()
  await produce(requests, [{ value: ask('between'), partition: 1 }, { value: 'no request' }])
  server = start()
  await until('what came in between is answered', () => completed().includes('between'), 30_000)

  for (const id of ['by-topic', 'by-folder', 'between']) {
    const own = onTopic.filter(({ key }) => key === id)
    assert.deepEqual(
      own.map(({ data }) => data.status),
      ['accepted', 'completed'],
      id,
    )
    const [, { data, id: eventId } = assert.fail()] = own
    assert.deepEqual([data.result?.rows, data.context], [2, { of: id }])
    // links are of the server that made them, which listened elsewhere
    if (id === 'between') {
      const answer = await fetch(data.result?.files[0]?.url ?? '')
      assert.equal(await answer.text(), rows)
    }
    await until(`the webhook has ${id}`, () => hook.events.some((event) => event.id === eventId))
    const kept = join(shop, 'replies', `${eventId.replaceAll('/', '-')}.json`)
    assert.equal((JSON.parse(await readFile(kept, 'utf8')) as ReplyEvent).id, eventId)
  }
  assert.deepEqual(await readdir(join(shop, 'inbox', '.taken')), [])
  assert.equal((await readdir(join(shop, 'inbox', '.done'))).length, 1)
  const scheduled = completed().filter((id) => id.startsWith('soon@'))
  assert.equal(new Set(scheduled).size, scheduled.length)
  await stop()
})
