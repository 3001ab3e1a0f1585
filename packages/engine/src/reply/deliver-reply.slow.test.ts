import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { ReplyEvent } from '@bulkhead/contract'
import { deliverReply } from './deliver-reply.ts'

const event = {
  specversion: '1.0',
  id: 'abc/1/completed',
  data: { requestId: 'r' },
} as unknown as ReplyEvent

const log = { debug: () => {}, info: () => {}, warn: () => {} }
const secrets = { resolve: () => Promise.reject(new Error('no secret is asked for')) }

/** A receiver that answers as it is told, the last answer again and again. */
async function receiver(t: TestContext, ...answers: [number, Record<string, string>][]) {
  const ids: unknown[] = []
  const server = createServer((request, response) => {
    const [status, headers] = answers[Math.min(ids.length, answers.length - 1)] ?? [200, {}]
    ids.push(request.headers['webhook-id'])
    response.writeHead(status, headers).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  return { ids, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }
}

test('delivers to all destinations side by side, tries again what may pass, and names what failed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'replies-'))
  t.after(() => rm(folder, { recursive: true }))
  const broken = await receiver(t, [503, {}], [429, { 'retry-after': '1' }], [200, {}])
  const refusing = await receiver(t, [410, {}])
  const { signal } = new AbortController()
  const undelivered = await deliverReply(
    event,
    {
      kept: { file: { folder: 'replies' }, messages: [] },
      broken: { webhook: { url: broken.url }, messages: [] },
      refusing: { webhook: { url: refusing.url }, messages: [] },
      topic: { kafka: { cluster: 'main', topic: 'replies' }, messages: [] },
    },
    { folder, secrets, clusters: new Map(), log, signal },
  )
  assert.equal(
    undelivered?.message,
    'The reply could not be delivered to "refusing": The receiver answered 410, "topic": There is no cluster "main"; there is none',
  )
  assert.deepEqual(broken.ids, [event.id, event.id, event.id])
  assert.equal(refusing.ids.length, 1)
  const [file = ''] = await readdir(join(folder, 'replies'))
  assert.equal(await readFile(join(folder, 'replies', file), 'utf8'), `${JSON.stringify(event)}\n`)
})

test('gives up when no time is left', async (t) => {
  const { ids, url } = await receiver(t, [500, {}])
  const stop = new AbortController()
  const delivering = deliverReply(
    event,
    { hook: { webhook: { url }, messages: [] } },
    { folder: '/', secrets, clusters: new Map(), log, signal: stop.signal },
  )
  while (ids.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  stop.abort(new Error('enough'))
  const undelivered = await delivering
  assert.equal(undelivered?.message, 'The reply could not be delivered to "hook": no time was left')
  assert.ok(ids.length < 3)
})
