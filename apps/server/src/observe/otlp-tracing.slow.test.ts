/** Traces as a collector gets them: a server on loopback that takes OTLP over HTTP as JSON. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { fault } from '@bulkhead/contract'
import { application, job, serveApi } from '../api/api.test-support.ts'
import type { RunRecord } from '../repository/repository.ts'
import { openOtlpTracing } from './otlp-tracing.ts'
import { traceIntake, traceRepository } from './trace-rooms.ts'

interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[]
  readonly status: { readonly code?: number; readonly message?: string }
}

/** A double of a collector. */
async function collector(t: TestContext) {
  const spans: OtlpSpan[] = []
  const calls: { readonly url: string | undefined; readonly type: string | undefined }[] = []
  let text = ''
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString()
      text += body
      calls.push({ url: request.url, type: request.headers['content-type'] })
      const { resourceSpans } = JSON.parse(body) as {
        resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[]
      }
      for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans)
      response.setHeader('Content-Type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { endpoint: `http://127.0.0.1:${port}`, spans, calls, text: () => text }
}

const tracingTo = (endpoint: string, ratio = 1) =>
  openOtlpTracing({ endpoint, ratio, version: '1.0.0', instance: 'test' })

test('a request is one trace, from its call to its answer', async (t) => {
  const { endpoint, spans, calls, text } = await collector(t)
  const tracing = tracingTo(endpoint)
  const api = await serveApi(t, {
    tracing,
    intake: (intake) => traceIntake(intake, tracing),
    repository: (repository) => traceRepository(repository, tracing, Date.now),
  })
  const headers = await api.token('run:*')
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const parameters = { airport: 'ZZZ' }
  const started = await api.call('POST', `/api/v1/applications/${application}/jobs/${job}/runs`, {
    headers: { ...headers, traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    body: { requestId: 'traced', parameters },
  })
  assert.equal(started.status, 202)
  const {
    runs: [claimed],
  } = await api.repository.claim({
    server: 'test',
    leaseMs: 60_000,
    most: [{ application, runs: 1 }],
  })
  assert.ok(claimed)
  const { run } = claimed
  await api.repository.finish({ runId: run.runId, epoch: run.epoch, outcome: outcomeOf(run) })
  await tracing.close()

  const mine = spans.filter((span) => span.traceId === traceId)
  const byName = new Map(mine.map((span) => [span.name, span]))
  const path = 'POST /api/v1/applications/{application}/jobs/{job}/runs'
  assert.deepEqual(
    [...byName.keys()].toSorted(),
    [path, 'admission', 'connector', 'queue', 'run', 'upload'].toSorted(),
  )
  const parentOf = (name: string): string | undefined =>
    mine.find(({ spanId }) => spanId === byName.get(name)?.parentSpanId)?.name
  assert.equal(byName.get(path)?.parentSpanId, 'b7ad6b7169203331')
  assert.equal(parentOf('admission'), path)
  assert.equal(parentOf('queue'), 'admission')
  assert.equal(parentOf('run'), 'admission')
  assert.equal(parentOf('connector'), 'run')
  assert.equal(parentOf('upload'), 'run')
  for (const { startTimeUnixNano, endTimeUnixNano } of mine)
    assert.ok(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano))
  assert.ok(calls.every(({ url, type }) => url === '/v1/traces' && type === 'application/json'))
  // no parameter, no token, no place of a result
  for (const secret of ['ZZZ', (headers['Authorization'] ?? '').slice(30), 'file:///'])
    assert.ok(!text().includes(secret), secret)
})

test('a reply has a span of its own, with how often it was tried', async (t) => {
  const { endpoint, spans } = await collector(t)
  const tracing = tracingTo(endpoint)
  const api = await serveApi(t)
  const message = {
    id: 'm1',
    runId: 'r1',
    application,
    destination: 'main',
    message: 'completed',
    tries: 2,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  }
  const repository = traceRepository(
    new Proxy(api.repository, {
      get: (target, name) =>
        name === 'takeMessages'
          ? () => Promise.resolve([message])
          : (Reflect.get(target, name, target) as unknown),
    }),
    tracing,
    Date.now,
  )
  const take = { server: 'test', most: 1, leaseMs: 1000 }
  await repository.takeMessages(take)
  await repository.messageFailed({ id: 'm1', error: 'The webhook answers 500', retryAt: 0, givenUp: false })
  await repository.takeMessages(take)
  await repository.messagesSent(['m1', 'unknown'])
  await tracing.close()
  assert.deepEqual(
    spans.map(({ name, parentSpanId, status }) => [name, parentSpanId, status.message ?? 'ok']),
    [
      ['reply', 'b7ad6b7169203331', 'failed'],
      ['reply', 'b7ad6b7169203331', 'ok'],
    ],
  )
})

test('a call that fails fails its span by the code of the error, without its message', async (t) => {
  const { endpoint, spans, text } = await collector(t)
  const tracing = tracingTo(endpoint)
  const options = { name: 'work', kind: 'internal', parent: undefined, attributes: {} } as const
  await assert.rejects(
    tracing.span(options, () => Promise.reject(fault('request-invalid', 'The name "Ada" is wrong'))),
  )
  await tracing.close()
  assert.equal(spans[0]?.status.message, 'request-invalid')
  assert.ok(!text().includes('Ada'))
})

test('probes are no traces, callers that do not sample are not sampled, and the ratio counts for the rest', async (t) => {
  const { endpoint, spans } = await collector(t)
  const tracing = tracingTo(endpoint, 0)
  const api = await serveApi(t, { tracing })
  const headers = await api.token('admin')
  await api.call('GET', '/health/live')
  await api.call('GET', '/metrics')
  await api.call('GET', '/api/v1/runs', { headers })
  const sampled = { ...headers, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
  await api.call('GET', '/api/v1/runs', { headers: sampled })
  const unsampled = { ...headers, traceparent: '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' }
  await api.call('GET', '/api/v1/runs', { headers: unsampled })
  await api.call('GET', '/api/v1/runs', { headers: { ...headers, traceparent: '00-nonsense-01' } })
  await tracing.close()
  assert.deepEqual(
    spans.map(({ traceId, name }) => [traceId, name]),
    [['0af7651916cd43dd8448eb211c80319c', 'GET /api/v1/runs']],
  )
})

test('a collector that is away costs nothing but its spans', async (t) => {
  const tracing = tracingTo('http://127.0.0.1:1')
  const api = await serveApi(t, { tracing })
  const headers = await api.token('admin')
  for (let call = 0; call < 20; call++)
    assert.equal((await api.call('GET', '/api/v1/runs', { headers })).status, 200)
  const begin = performance.now()
  await tracing.close()
  assert.ok(performance.now() - begin < 8_000)
})

function outcomeOf({ runId, requestId, attempt }: RunRecord) {
  const at = new Date().toISOString()
  const now = Date.now()
  return {
    reply: {
      requestId,
      runId,
      application,
      job,
      attempt,
      sequence: 1,
      status: 'completed' as const,
      connection: 'archive',
      warnings: [],
      acceptedAt: at,
      startedAt: at,
      finishedAt: at,
      result: { rows: 1, bytes: 1, files: [] },
    },
    phases: [
      { name: 'connector' as const, startMs: now - 5, endMs: now },
      { name: 'upload' as const, startMs: now - 4, endMs: now },
    ],
  }
}
