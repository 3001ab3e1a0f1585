/** The server that holds each call until the reply of its run is delivered, as a process. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { CloudEvent, HTTP } from 'cloudevents'
import type { Problem, ReplyEvent } from '@bulkhead/contract'
import { writeApplication } from '../support/application-folder.ts'
import { type Started, startBulkhead, temporaryFolder } from './command.ts'

interface Served extends Started {
  readonly url: string
  readonly folder: string
  /** The next run stops where it is, or is killed. */
  order(act: NodeJS.Signals): Promise<void>
  readonly obeyed: () => number
  readonly replies: () => readonly ReplyEvent[]
}

async function serve(t: TestContext, ...more: readonly string[]): Promise<Served> {
  const folder = temporaryFolder(t)
  const orders = join(folder, 'orders')
  await Promise.all(['orders', 'in', 'state'].map((name) => mkdir(join(folder, name))))
  await writeFile(join(folder, 'in', 'a.csv'), 'n\r\n1\r\n')
  await writeApplication(join(folder, 'application'), 'shop', {
    connections: { inbox: { connector: 'files', config: { folder: join(folder, 'in') } } },
    stores: { out: { connector: 'files', config: { folder: join(folder, 'out'), createFolder: true } } },
    jobs: {
      copy: { source: { connection: 'inbox', query: { path: 'a.csv' } }, output: { format: 'binary' } },
    },
    replies: { folder: { file: { folder: join(folder, 'replies') } } },
  })
  const agent = pathToFileURL(join(import.meta.dirname, '../chaos/kill-agent.ts'))
  agent.searchParams.set('orders', orders)
  agent.searchParams.set('moments', 'before-complete')
  const started = startBulkhead(['serve-request', '--application', 'application', '--port', '0', ...more], {
    folder,
    environment: { XDG_STATE_HOME: join(folder, 'state'), NODE_OPTIONS: `--import=${agent.href}` },
  })
  t.after(async () => {
    started.child.kill('SIGTERM')
    await started.ended
  })
  return {
    ...started,
    url: await urlOf(started),
    folder,
    order: (act) => writeFile(join(orders, 'before-complete.order'), JSON.stringify({ id: 1, act })),
    obeyed: () => {
      const obeyed = join(orders, 'obeyed')
      return existsSync(obeyed) ? readFileSync(obeyed, 'utf8').trim().split('\n').length : 0
    },
    replies: () => {
      const replies = join(folder, 'replies')
      if (!existsSync(replies)) return []
      return readdirSync(replies).map(
        (name) => JSON.parse(readFileSync(join(replies, name), 'utf8')) as ReplyEvent,
      )
    },
  }
}

async function urlOf({ child }: Started): Promise<string> {
  let said = ''
  assert.ok(child.stderr)
  for await (const [bytes] of on(child.stderr)) {
    said += String(bytes)
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? []
    if (url !== undefined) return url
  }
  throw new Error(`It did not start: ${said}`)
}

async function* on(stream: NodeJS.ReadableStream): AsyncGenerator<[unknown]> {
  for (;;) yield (await once(stream, 'data', { signal: AbortSignal.timeout(30_000) })) as [unknown]
}

const event = (id: string, data: unknown = { job: 'copy' }): CloudEvent<unknown> =>
  new CloudEvent({ id, source: '/shop/portal', type: 'dev.bulkhead.run.requested.v1', data })

function post(
  { url }: Served,
  message: { readonly headers: unknown; readonly body: unknown },
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { ...(message.headers as Record<string, string>), ...headers },
    body: String(message.body),
  })
}

describe('bulkhead serve-request', { concurrency: 3 }, () => {
  test('answers a call when the reply is delivered, in binary and structured mode and from a KafkaSource', async (t) => {
    const server = await serve(t)
    const wrapped = new CloudEvent({
      id: 'partition:0/offset:7',
      source: '/apis/v1/namespaces/shop/kafkasources/requests#topic',
      type: 'dev.knative.kafka.event',
      data: { requestId: 'plain', job: 'copy' },
    })
    for (const [id, message] of [
      ['binary', HTTP.binary(event('binary'))],
      ['structured', HTTP.structured(event('structured'))],
      ['plain', HTTP.binary(wrapped)],
    ] as const) {
      const answer = await post(server, message)
      assert.equal(answer.status, 200)
      const { requestId, status } = (await answer.json()) as { requestId: string; status: string }
      assert.deepEqual([requestId, status], [id, 'completed'])
      // no broker may take the answer for an event
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json\b/)
      assert.ok(
        server.replies().some(({ data }) => data.requestId === id),
        'it answered before its reply was there',
      )
    }
    const again = (await (await post(server, HTTP.binary(event('binary')))).json()) as { event: string }
    assert.match(again.event, /\/1\/answer-2$/)
    for (const probe of ['live', 'ready', 'startup'])
      assert.equal((await fetch(`${server.url}/health/${probe}`)).status, 200)
  })

  test('answers for a run that is killed, and stays', async (t) => {
    const server = await serve(t)
    await server.order('SIGKILL')
    const answer = await post(server, HTTP.binary(event('order-1')))
    assert.equal(answer.status, 200)
    assert.equal(((await answer.json()) as { status: string }).status, 'failed')
    assert.equal(server.replies()[0]?.data.error?.code, 'runner-died')
    assert.equal((await post(server, HTTP.binary(event('order-2')))).status, 200)
  })

  test('takes no more runs than it was told, and cancels those that outlast its drain', async (t) => {
    const server = await serve(t, '--concurrency', '1', '--drain', '1')
    await server.order('SIGSTOP')
    const held = post(server, HTTP.binary(event('order-1')))
    while (server.obeyed() === 0) await sleep(20)
    const busy = await post(server, HTTP.binary(event('order-2')))
    assert.equal(busy.status, 429)
    assert.ok(Number(busy.headers.get('retry-after')) >= 1)
    server.child.kill('SIGTERM')
    await sleep(300)
    assert.equal((await fetch(`${server.url}/health/ready`)).status, 503)
    const answer = await held
    assert.equal(answer.status, 200)
    assert.equal(((await answer.json()) as { status: string }).status, 'cancelled')
    assert.equal((await server.ended).code, 0)
  })

  test('says that the event is to be sent again when its reply could not be delivered', async (t) => {
    const server = await serve(t)
    await writeFile(join(server.folder, 'replies'), 'no folder')
    const refused = await post(server, HTTP.binary(event('order-1')))
    assert.equal(refused.status, 503)
    await rm(join(server.folder, 'replies'))
    assert.equal((await post(server, HTTP.binary(event('order-1')))).status, 200)
    assert.match(server.replies()[0]?.id ?? '', /\/1\/completed$/)
  })

  test('refuses to answer before the end, unless a JobSink takes the run over', async (t) => {
    const taken: string[] = []
    const sink = createServer((request, response) => {
      let text = ''
      request.on('data', (bytes: Buffer) => (text += String(bytes)))
      request.on('end', () => {
        taken.push(`${request.headers['content-type']} ${text}`)
        response.writeHead([202, 500][taken.length - 1] ?? 429, { 'retry-after': '7' }).end()
      })
    })
    await once(sink.listen(0, '127.0.0.1'), 'listening')
    t.after(() => sink.close())
    const { port } = sink.address() as AddressInfo
    const later = { prefer: 'respond-async' }

    const alone = await serve(t)
    const refused = await post(alone, HTTP.binary(event('order-1')), later)
    assert.equal(refused.status, 400)
    assert.match(((await refused.json()) as Problem).fix ?? '', /--job-sink/)
    assert.deepEqual(alone.replies(), [])

    const server = await serve(t, '--job-sink', `http://127.0.0.1:${port}/shop/copy`)
    assert.equal((await post(server, HTTP.binary(event('order-1')), later)).status, 202)
    assert.match(taken[0] ?? '', /^application\/cloudevents\+json .*"id":"order-1".*"job":"copy"/)
    assert.equal((await post(server, HTTP.binary(event('order-2')), later)).status, 503)
    const full = await post(server, HTTP.binary(event('order-2')), later)
    assert.deepEqual([full.status, full.headers.get('retry-after')], [429, '7'])
    assert.equal(((await full.json()) as Problem).code, 'queue-full')
    assert.equal((await post(server, HTTP.binary(event('order-3')))).status, 200)
  })

  test('refuses what is no single event', async (t) => {
    const server = await serve(t)
    const plain = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"requestId":"a"}',
    })
    assert.equal(plain.status, 415)
    const batch = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      body: '[{}]',
    })
    assert.equal(batch.status, 400)
  })
})
