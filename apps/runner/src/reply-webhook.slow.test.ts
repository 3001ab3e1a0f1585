import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
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

test('tries again when the receiver is broken or busy, with the same id', async (t) => {
  const { received, url } = await receiver(t, 503, [429, { 'retry-after': '1' }], 200)
  const started = performance.now()
  await postReply(event, url, undefined, signal)
  assert.ok(performance.now() - started >= 990)
  assert.deepEqual(
    received.map(({ headers }) => headers['webhook-id']),
    [event.id, event.id, event.id],
  )
})

test('does not try again what is refused, and follows nobody to another address', async (t) => {
  const { received: elsewhere, url: other } = await receiver(t, 200)
  for (const answer of [400, 410, [302, { location: other }]] as const) {
    const { received, url } = await receiver(t, answer as number)
    const status = typeof answer === 'number' ? answer : answer[0]
    await assert.rejects(postReply(event, url, undefined, signal), {
      message: `the receiver answered ${status}`,
    })
    assert.equal(received.length, 1)
  }
  assert.equal(elsewhere.length, 0)
})

test('does not try again where no receiver can be', async () => {
  for (const url of ['http://127.0.0.1:9/', 'not an address'])
    await assert.rejects(postReply(event, url, undefined, signal), /could not be reached/)
})

test('gives up when it is stopped', async (t) => {
  const { received, url } = await receiver(t, 500)
  const stop = new AbortController()
  const posting = postReply(event, url, undefined, stop.signal)
  posting.catch(() => undefined)
  while (received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  stop.abort(new Error('enough'))
  await assert.rejects(posting)
  assert.ok(received.length < 3)
})
