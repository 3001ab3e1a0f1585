import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { BulkheadError } from '@bulkhead/connector-sdk'
import type { ReplyEvent } from '@bulkhead/contract'
import { Webhook } from 'standardwebhooks'
import { postReply } from './reply-webhook.ts'

const event = {
  specversion: '1.0',
  id: 'abc/1/completed',
  data: { requestId: 'r', text: 'é' },
} as unknown as ReplyEvent
const { signal } = new AbortController()

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A receiver that answers as it is told, the last answer again and again. */
async function receiver(t: TestContext, ...answers: (number | [number, Record<string, string>])[]) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const answer = answers[Math.min(received.length, answers.length - 1)] ?? 200
      received.push({ headers: request.headers, body })
      const [status, headers] = typeof answer === 'number' ? [answer, {}] : answer
      response.writeHead(status, headers).end('x'.repeat(1000))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }
}

test('posts the event with a signature that a receiver can verify', async (t) => {
  for (const secret of ['whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ=', 'a secret without a prefix']) {
    const { received, url } = await receiver(t, 204)
    await postReply(event, url, secret, signal)
    const [{ headers, body } = assert.fail()] = received
    assert.equal(headers['content-type'], 'application/cloudevents+json; charset=utf-8')
    assert.equal(headers['webhook-id'], event.id)
    const webhook = secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' })
    assert.deepEqual(webhook.verify(body, headers as Record<string, string>), event)
    assert.throws(() => webhook.verify(`${body} `, headers as Record<string, string>))
  }
})

test('posts without a signature when there is no secret', async (t) => {
  const { received, url } = await receiver(t, 200)
  await postReply(event, url, undefined, signal)
  assert.equal(received[0]?.headers['webhook-signature'], undefined)
})

test('says of a receiver that is broken or busy that it may be tried again, and when', async (t) => {
  for (const [answer, retryAfterMs] of [
    [503, undefined],
    [408, undefined],
    [[429, { 'retry-after': '7' }], 7000],
    [[503, { 'retry-after': 'soon' }], undefined],
  ] as const) {
    const { url } = await receiver(t, answer as number)
    await assert.rejects(postReply(event, url, undefined, signal), { code: 'reply-failed', retryAfterMs })
  }
  const later = new Date(Date.now() + 60_000).toUTCString()
  const { url } = await receiver(t, [503, { 'retry-after': later }])
  const error = await postReply(event, url, undefined, signal).catch((thrown: BulkheadError) => thrown)
  assert.ok((error?.retryAfterMs ?? 0) > 50_000)
})

test('says of what is refused that it is final, and follows nobody to another address', async (t) => {
  const { received: elsewhere, url: other } = await receiver(t, 200)
  for (const answer of [400, 410, [302, { location: other }]] as const) {
    const { received, url } = await receiver(t, answer as number)
    const status = typeof answer === 'number' ? answer : answer[0]
    await assert.rejects(postReply(event, url, undefined, signal), {
      code: 'reply-refused',
      message: `The receiver answered ${status}`,
    })
    assert.equal(received.length, 1)
  }
  assert.equal(elsewhere.length, 0)
})

test('tells a receiver that is away from an address where none can be', async (t) => {
  const { url } = await receiver(t, 200)
  for (const [address, code] of [
    [url.replace('127.0.0.1', 'me:secret@127.0.0.1'), 'reply-refused'],
    ['ftp://127.0.0.1/', 'reply-refused'],
    ['not an address', 'reply-refused'],
    [`http://127.0.0.1:${await freePort()}/`, 'reply-failed'],
  ] as const) {
    const error = await postReply(event, address, undefined, signal).catch((thrown: BulkheadError) => thrown)
    assert.equal(error?.code, code, address)
    assert.match(error?.message ?? '', /^The receiver could not be reached \(/)
    assert.doesNotMatch(error?.message ?? '', /127\.0\.0\.1|not an address$/)
  }
})

test('ends when it is stopped', async (t) => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  const stop = new AbortController()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const posting = postReply(event, url, undefined, stop.signal)
  posting.catch(() => undefined)
  await once(server, 'request')
  stop.abort(new Error('enough'))
  await assert.rejects(posting, /enough/)
})

test('uses a connection again, and one that its receiver has closed meanwhile costs no try', async (t) => {
  const sockets = new Set<unknown>()
  let posts = 0
  const server = createServer((request, response) => {
    sockets.add(request.socket)
    posts++
    request.resume()
    response.end('thanks')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  for (let post = 0; post < 3; post++) await postReply(event, url, undefined, signal)
  assert.equal(sockets.size, 1)
  // closed when the next one has been written, and before anything of it was read
  const [kept] = sockets as Set<Socket>
  kept?.pause()
  const posting = postReply(event, url, undefined, signal)
  await setTimeout(20)
  kept?.resetAndDestroy()
  await posting
  assert.deepEqual([sockets.size, posts], [2, 4])
})

test('reads no answer that has no end', async (t) => {
  const ended = Promise.withResolvers<void>()
  const server = createServer((_request, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('x'.repeat(50_000)), 1)
    response.once('close', () => {
      clearInterval(timer)
      ended.resolve()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  await postReply(event, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, undefined, signal)
  await ended.promise
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
