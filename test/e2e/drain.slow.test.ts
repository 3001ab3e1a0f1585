/** A server that is told to end, as a process: runs and replies that are under way then. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import type { ReplyEvent, RunView } from '@bulkhead/contract'
import { writeApplication } from '../support/application-folder.ts'
import { temporaryFolder } from './command.ts'
import { type StartedServer, startServer } from './start-server.ts'
import { until } from './until.ts'

interface Received {
  readonly event: ReplyEvent
  readonly response: ServerResponse
}

/** Takes replies, and answers none of them by itself. */
async function startReceiver(t: TestContext): Promise<{ readonly url: string; readonly all: Received[] }> {
  const all: Received[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => all.push({ event: JSON.parse(body) as ReplyEvent, response }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  return { all, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

/** An application with a job that says when it has begun, and waits for a word to go on. */
async function startWorld(t: TestContext) {
  const folder = temporaryFolder(t)
  const receiver = await startReceiver(t)
  const code = `
import { existsSync, writeFileSync } from 'node:fs'
export default async (row) => {
  writeFileSync('${folder}/begun', '')
  while (!existsSync('${folder}/go')) await new Promise((next) => setTimeout(next, 10))
  return row
}`
  await writeApplication(
    join(folder, 'apps/shop'),
    'shop',
    {
      connections: { inbox: { connector: 'file-records', config: { folder: './in' } } },
      stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
      jobs: {
        waits: {
          source: { connection: 'inbox', query: { path: 'a.csv', format: { type: 'delimited' } } },
          process: [{ map: 'waits.ts' }],
        },
      },
      replies: { hook: { webhook: { url: receiver.url }, messages: ['accepted'] } },
    },
    { 'in/a.csv': 'id\n1\n', 'waits.ts': code },
  )
  const up = (drain: string): Promise<StartedServer> =>
    startServer(t, join(folder, 'apps'), {
      folder,
      environment: {
        BULKHEAD_ALLOW_LOOPBACK: '1',
        BULKHEAD_PLATFORM__DRAIN: drain,
        BULKHEAD_PLATFORM__RUNNERS__STOP_GRACE: 'PT2S',
      },
      lastSignal: 'SIGKILL',
    })
  const begin = async (url: string): Promise<string> => {
    const answer = await fetch(`${url}/api/v1/applications/shop/jobs/waits/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'one' },
      body: '{}',
    })
    assert.equal(answer.status, 202)
    const { runId } = (await answer.json()) as RunView
    await until('the first row', () => existsSync(join(folder, 'begun')) || undefined)
    return runId
  }
  const go = (): void => writeFileSync(join(folder, 'go'), '')
  return { up, begin, go, received: receiver.all }
}

test('the reply of a run that ends while the server drains is sent before the server goes', async (t) => {
  const { up, begin, go, received } = await startWorld(t)
  const server = await up('PT1M')
  const runId = await begin(server.url)
  const accepted = await until('the first message', () => received[0])
  const health = (probe: string) => fetch(`${server.url}/health/${probe}`)
  const startup = await health('startup')
  const checks = [{ name: 'triggers', status: 'pass' }]
  assert.deepEqual([startup.status, await startup.json()], [200, { status: 'pass', checks }])
  assert.equal((await health('ready')).status, 200)
  server.child.kill('SIGTERM')
  await until('the end of its readiness', async () => (await health('ready')).status === 503 || undefined)
  // whoever asks whether it lives must not kill it while it drains
  for (const probe of ['live', 'startup']) assert.equal((await health(probe)).status, 200)
  go()
  // its reply waits behind the one before, when nothing of the run is under way any more
  await until('the end of the run', async () => {
    const { state } = (await (await fetch(`${server.url}/api/v1/runs/${runId}`)).json()) as RunView
    return state === 'completed' || undefined
  })
  accepted.response.writeHead(204).end()
  const completed = await until('the reply', () => received[1])
  completed.response.writeHead(204).end()
  assert.equal(completed.event.data.status, 'completed')
  assert.match(completed.event.data.result?.files[0]?.url ?? '', /^http:/)
  assert.equal((await server.ended).code, 143)
  assert.equal(received.length, 2)
})

test('what does not end in time is ended, and answered once, by the next server', async (t) => {
  const { up, begin, go, received } = await startWorld(t)
  const first = await up('PT1S')
  const runId = await begin(first.url)
  ;(await until('the first message', () => received[0])).response.writeHead(204).end()
  first.child.kill('SIGTERM')
  assert.equal((await first.ended).code, 143)
  go()
  const second = await up('PT1M')
  const { event, response } = await until('the reply', () => received[1])
  response.writeHead(204).end()
  assert.deepEqual([event.data.runId, event.data.status, event.data.attempt], [runId, 'completed', 1])
  second.child.kill('SIGTERM')
  assert.equal((await second.ended).code, 143)
  assert.equal(received.length, 2)
})
