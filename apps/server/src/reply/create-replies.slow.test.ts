import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fault, type ReplyDestination, type ReplyEvent } from '@bulkhead/contract'
import { Secret } from '@bulkhead/engine/secrets/secret'
import type { ServedApplication } from '../applications/applications.ts'
import { createReplies, type RepliesOptions } from './create-replies.ts'
import { memoryOutbox, storedReply } from './outbox.test-support.ts'

const log = { debug: () => {}, info: () => {}, warn: () => {} }

async function receiver(t: TestContext, answer: (response: ServerResponse, count: number) => void) {
  const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body })
      answer(response, received.length)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }
}

const webhook = (url: string, secret?: string): ReplyDestination => ({
  webhook: { url, ...(secret !== undefined && { secret: { secret } }) },
  messages: [],
})

/** One application, `shop`, with these destinations. */
function start(
  t: TestContext,
  destinations: Readonly<Record<string, ReplyDestination>>,
  options: Partial<RepliesOptions> = {},
) {
  const { outbox, repository } = memoryOutbox()
  const served = {
    application: { name: 'shop', manifest: { spec: { replies: destinations } } },
    baseFolder: tmpdir(),
  } as unknown as ServedApplication
  const replies = createReplies({
    server: 'a',
    leaseMs: 90_000,
    repository,
    applications: { get: () => served, revision: async () => undefined },
    runners: {
      sign: () => Promise.reject(new Error('nothing is signed here')),
      freshLinks: () => undefined,
    },
    secretsOf: () => ({ resolve: () => Promise.reject(new Error('no secret is asked for')) }),
    clusters: new Map(),
    log,
    now: Date.now,
    ...options,
  })
  t.after(() => replies.stop())
  return { outbox, replies }
}

async function until(what: string, holds: () => boolean, ms = 60_000): Promise<void> {
  const end = Date.now() + ms
  while (!holds()) {
    assert.ok(Date.now() < end, `not within ${ms} ms: ${what}`)
    await sleep(10)
  }
}

test('sends with fresh links and their true expiry, signed with the secret of the application', async (t) => {
  const secret = 'whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ='
  const { received, url } = await receiver(t, (response) => response.writeHead(204).end())
  const expiresAtMs = Date.parse('2026-11-21T10:00:00.000Z')
  const { outbox } = start(
    t,
    { hook: webhook(url, 'hook-secret') },
    {
      runners: {
        freshLinks: () => undefined,
        async sign(application, revision, { files }) {
          assert.deepEqual([application, revision, files.length], ['shop', 'rev-1', 1])
          return [{ url: 'https://store/a.csv?signed', expiresAtMs, warning: 'The link ends early' }]
        },
      },
      secretsOf: (application) => ({
        async resolve(name) {
          assert.deepEqual([application, name], ['shop', 'hook-secret'])
          return new Secret(secret)
        },
      }),
    },
  )
  const file = {
    name: 'a.csv',
    contentType: 'text/csv',
    format: 'csv',
    compression: 'none',
    rows: 1,
    bytes: 3,
    checksum: { algorithm: 'sha256' as const, scope: 'object' as const, value: 'ab' },
  }
  const row = outbox.add({
    destination: 'hook',
    reply: { ...storedReply('r-1'), result: { rows: 1, bytes: 3, files: [file] } },
    delivery: {
      store: 'exports',
      urlExpiresInSeconds: 60,
      files: [
        {
          name: 'a.csv',
          objectContentType: 'text/csv',
          stored: { key: 'k', location: 'file:///k', bytes: 3 },
        },
      ],
    },
  })
  await until('it is sent', () => row.state === 'sent')
  const [{ headers, body } = assert.fail()] = received
  const signature = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
    .update(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`)
    .digest('base64')
  assert.equal(headers['webhook-signature'], `v1,${signature}`)
  const event = JSON.parse(body) as ReplyEvent
  assert.equal(headers['webhook-id'], event.id)
  assert.match(event.id, /^[0-9a-f]{64}\/1\/completed$/)
  assert.equal(event.time, '2026-11-21T09:00:01.000Z')
  assert.equal(event.data.result?.files[0]?.url, 'https://store/a.csv?signed')
  assert.equal(event.data.result.files[0].expiresAt, '2026-11-21T10:00:00.000Z')
  assert.deepEqual(event.data.warnings, ['The link ends early'])
})

test('lets no destination wait for one that is silent, or down, or refuses', async (t) => {
  const silent = await receiver(t, () => undefined)
  const refusing = await receiver(t, (response) => response.writeHead(410).end())
  const folder = await mkdtemp(join(tmpdir(), 'replies-'))
  t.after(() => rm(folder, { recursive: true }))
  const { outbox, replies } = start(t, {
    silent: webhook(silent.url),
    refusing: webhook(refusing.url),
    down: webhook('http://127.0.0.1:9999/'),
    kept: { file: { folder }, messages: [] },
  })
  for (let count = 0; count < 300; count++)
    for (const destination of ['silent', 'down', 'refusing'])
      outbox.add({ destination, reply: storedReply(`${destination}-${count}`) })
  const kept = Array.from({ length: 50 }, (_, count) =>
    outbox.add({ destination: 'kept', reply: storedReply(`kept-${count}`) }),
  )
  await until('all of the good destination are sent', () => kept.every(({ state }) => state === 'sent'))
  assert.equal((await readdir(folder)).length, 50)
  const refused = outbox.rows.filter(({ destination }) => destination === 'refusing')
  await until('what is refused is given up', () => refused.every(({ state }) => state === 'failed'))
  assert.equal(refused[0]?.lastError, 'The receiver answered 410')
  const down = outbox.rows.filter(({ destination }) => destination === 'down')
  await until('the one that is down rests', () =>
    replies.status().some(({ name, restsUntilMs }) => name === 'shop/down' && restsUntilMs !== undefined),
  )
  assert.ok(down.every(({ state }) => state === 'due'))
  assert.ok(down.filter(({ tries }) => tries > 0).length < 40)
  assert.ok(silent.received.length <= 16)
})

test('tries again with the same id, not before the receiver wants it, and then marks it as sent', async (t) => {
  const at: number[] = []
  const { received, url } = await receiver(t, (response, count) => {
    at.push(Date.now())
    if (count === 1) response.writeHead(503).end()
    else if (count === 2) response.writeHead(429, { 'retry-after': '2' }).end()
    else response.writeHead(200).end()
  })
  const { outbox } = start(t, { hook: webhook(url) })
  const row = outbox.add({ destination: 'hook' })
  await until('it is sent', () => row.state === 'sent')
  assert.equal(new Set(received.map(({ headers }) => headers['webhook-id'])).size, 1)
  assert.equal(received.length, 3)
  assert.ok((at[2] ?? 0) - (at[1] ?? 0) >= 1990)
})

test('sends what a dead server had taken when its lease is over, and what a repository that was away holds', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'replies-'))
  t.after(() => rm(folder, { recursive: true }))
  const { outbox } = start(t, { kept: { file: { folder }, messages: [] } })
  outbox.fails = true
  const leased = outbox.add({ destination: 'kept', leasedUntil: Date.now() + 1500 } as never)
  const other = outbox.add({ destination: 'kept' })
  await sleep(100)
  assert.equal(other.state, 'due')
  outbox.fails = false
  await until('both are sent', () => leased.state === 'sent' && other.state === 'sent')
})

test('sends messages about one run one after the other, and keeps no part of a secret in an error', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'replies-'))
  t.after(() => rm(folder, { recursive: true }))
  let open = 0
  const hook = await receiver(t, (response) => {
    assert.equal(++open, 1)
    setTimeout(() => {
      open--
      response.writeHead(200).end()
    }, 30)
  })
  const canary = 'canary-7f3a'
  const { outbox } = start(
    t,
    { hook: webhook(hook.url), signed: webhook(hook.url, 'key') },
    { secretsOf: () => ({ resolve: async () => new Secret(`whsec_${canary}!`) }) },
  )
  const rows = ['accepted', 'progress-1', 'completed'].map((message) =>
    outbox.add({ destination: 'hook', runId: 'one', message }),
  )
  await until('all are sent', () => rows.every(({ state }) => state === 'sent'))
  assert.deepEqual(
    hook.received.map(({ headers }) => String(headers['webhook-id']).split('/')[2]),
    ['accepted', 'progress-1', 'completed'],
  )
  const signed = outbox.add({ destination: 'signed' })
  await until('it is refused', () => signed.state === 'failed')
  assert.equal(signed.lastError, 'The secret of the signature cannot be used')
  assert.doesNotMatch(JSON.stringify(outbox.rows), new RegExp(canary))
})

test('asks the outbox when it is told, and seldom otherwise', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'replies-'))
  t.after(() => rm(folder, { recursive: true }))
  const { outbox } = start(t, { kept: { file: { folder }, messages: [] } })
  await sleep(50)
  const started = performance.now()
  const row = outbox.add({ destination: 'kept' })
  await until('it is sent', () => row.state === 'sent')
  assert.ok(performance.now() - started < 500)
  const [name = ''] = await readdir(folder)
  assert.equal((JSON.parse(await readFile(join(folder, name), 'utf8')) as ReplyEvent).subject, 'r-1')
  await sleep(1200)
  assert.ok(outbox.asked < 8, String(outbox.asked))
})

test('when the server ends, what is due is sent first, and nobody waits for what is not', async (t) => {
  let answer = (): void => undefined
  const hook = await receiver(t, (response, count) => {
    const send = (): void => void response.writeHead(200).end()
    if (count > 1) send()
    else answer = send
  })
  const { outbox, replies } = start(t, { hook: webhook(hook.url), down: webhook('http://127.0.0.1:9999/') })
  const failed = outbox.add({ destination: 'down' })
  await until('one has failed', () => failed.tries > 0)
  const rows = ['accepted', 'completed'].map((message) =>
    outbox.add({ destination: 'hook', runId: 'one', message }),
  )
  await until('the first is on its way', () => hook.received.length === 1)
  const drained = replies.drain(30_000).then(() => rows.map(({ state }) => state))
  answer()
  assert.deepEqual(await drained, ['sent', 'sent'])
  assert.equal(failed.state, 'due')
})

test('what a server that ends did not come to is due at once for another', async (t) => {
  const hook = await receiver(t, () => undefined)
  const { outbox, replies } = start(t, { hook: webhook(hook.url) })
  const rows = ['accepted', 'completed'].map((message) =>
    outbox.add({ destination: 'hook', runId: 'one', message }),
  )
  await until('the first is on its way', () => hook.received.length === 1)
  const begun = performance.now()
  await replies.drain(50)
  assert.ok(performance.now() - begun < 4000, 'no longer than it may')
  await replies.stop()
  assert.deepEqual(
    rows.map(({ state, leasedUntil, tries }) => [state, leasedUntil, tries]),
    [
      ['due', 0, 0],
      ['due', 0, 0],
    ],
  )
})

test('what nobody here can answer for any more fails at once, with what to do, and can be sent again', async (t) => {
  const { outbox } = start(
    t,
    {},
    {
      applications: { get: () => undefined, revision: async () => undefined },
      runners: {
        freshLinks: () => undefined,
        sign: () => Promise.reject(fault('application-unknown', 'There is no application "shop" here')),
      },
    },
  )
  const plain = outbox.add({ destination: 'main' })
  const stored = { key: 'k', location: 'file:///k', bytes: 3 }
  const linked = outbox.add({
    destination: 'main',
    delivery: {
      store: 'exports',
      urlExpiresInSeconds: 60,
      files: [{ name: 'a.csv', objectContentType: 'text/csv', stored }],
    },
  })
  await until('both have failed', () => plain.state === 'failed' && linked.state === 'failed')
  assert.deepEqual([plain.tries, linked.tries], [1, 1])
  for (const { lastError } of [plain, linked])
    assert.match(lastError ?? '', /"shop" is not served here any more/)
})
