import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { readRequest, testContext } from '@bulkhead/connector-sdk/testing'
import http from './index.ts'
import { json, startApi } from './testing/api-server.ts'
import { drip, startRawServer } from './testing/raw-server.ts'
import { readFailure, readRecords } from './testing/read.ts'

const once = { attempts: 1 }

test('gives up on a server that switches to another protocol', { timeout: 10_000 }, async () => {
  const baseUrl = await startRawServer({ after }, (socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n[1]')
  })
  const { code, kind } = await readFailure({ config: { baseUrl, retry: once }, query: { path: 'x' } })
  assert.deepEqual([code, kind], ['http-answer-not-json', 'config'])
})

test('takes no part of a list for the whole', async () => {
  const api = await startApi({ after }, (request) => {
    const from = Number(request.parameters.get('offset') ?? 0)
    json(request, from > 2 ? [] : [from, from + 1], from > 2 ? 200 : 206, {
      'content-range': `${from}-${from + 1}/4`,
    })
  })
  const config = { baseUrl: api.url, retry: once }
  const { code, path } = await readFailure({ config, query: { path: 'x' } })
  assert.deepEqual([code, path], ['http-more-pages', 'query.paging'])
  assert.deepEqual(await readRecords({ config, query: { path: 'x', paging: { by: 'none' } } }), [0, 1])
  assert.deepEqual(
    await readRecords({ config, query: { path: 'x', paging: { by: 'offset' } } }),
    [0, 1, 2, 3],
  )
})

test('waits for an answer that is accepted and not there yet', async () => {
  const api = await startApi({ after }, (request) =>
    json(request, api.seen.length < 3 ? [] : [1], api.seen.length < 3 ? 202 : 200),
  )
  assert.deepEqual(await readRecords({ config: { baseUrl: api.url }, query: { path: 'x' } }), [1])
  const later = await startApi({ after }, (request) => json(request, [], 202, { 'retry-after': '3600' }))
  const { code, kind, retryAfterMs } = await readFailure({
    config: { baseUrl: later.url },
    query: { path: 'x' },
  })
  assert.deepEqual([code, kind, retryAfterMs], ['http-unavailable', 'transient', 3_600_000])
})

test('unpacks nothing where nothing is', async () => {
  const api = await startApi({ after }, ({ response }) => {
    response.writeHead(204, { 'content-encoding': 'gzip' }).end()
  })
  assert.deepEqual(await readRecords({ config: { baseUrl: api.url, retry: once }, query: { path: 'x' } }), [])
})

test('tells a refusal also when its explanation never ends', { timeout: 20_000 }, async () => {
  const baseUrl = await startRawServer({ after }, (socket) => drip(socket, 'HTTP/1.1 404 No\r\n\r\n{'))
  const started = performance.now()
  const { code } = await readFailure({ config: { baseUrl, retry: once }, query: { path: 'x' } })
  assert.equal(code, 'http-not-found')
  assert.ok(performance.now() - started < 10_000)
})

test('waits for no failing server longer than it may', { timeout: 20_000 }, async () => {
  const api = await startApi({ after }, (request) =>
    json(request, {}, Number(request.path.slice(1)), { 'retry-after': '99999999' }),
  )
  const config = { baseUrl: api.url, retry: { attempts: 3, longestWait: 'PT1S' } }
  for (const status of ['500', '502', '408']) {
    const before = api.seen.length
    const { code, retryAfterMs } = await readFailure({ config, query: { path: status } })
    assert.deepEqual([code, retryAfterMs], ['http-unavailable', 99_999_999_000], status)
    assert.equal(api.seen.length - before, 1, 'it comes back before the server wants it to')
  }
})

test('says which limit a connection that does not come about has reached', { timeout: 20_000 }, async () => {
  // TLS begins, and nothing answers.
  const plain = await startRawServer({ after }, () => undefined)
  const config = { baseUrl: plain.replace('http:', 'https:'), retry: once }
  const { code, path, fix } = await readFailure({
    config,
    query: { path: 'x' },
    limits: { connectTimeoutMs: 300 },
  })
  assert.deepEqual([code, path], ['http-timeout', 'limits.connectTimeout'])
  assert.match(fix ?? '', /connectTimeout/)
})

test('refuses credentials that no header can carry, and does not show them', async () => {
  const wrong: [auth: object, code: string, path: string][] = [
    [{ type: 'bearer', token: 'canary\n' }, 'http-settings-invalid', 'config.auth.token'],
    [{ type: 'apiKey', name: 'X-Key', value: 'canary\u2603' }, 'http-settings-invalid', 'config.auth.value'],
    [
      { type: 'apiKey', name: 'Transfer-Encoding', value: 'canary' },
      'http-header-invalid',
      'config.auth.name',
    ],
  ]
  for (const [auth, code, path] of wrong) {
    const error = await readFailure({
      config: { baseUrl: 'http://127.0.0.1:1', retry: once, auth },
      query: { path: 'x' },
    })
    assert.deepEqual([error.code, error.kind, error.path], [code, 'config', path])
    assert.doesNotMatch(JSON.stringify([error.message, error.fix, error.cause]), /canary/)
  }
})

test('a token that nobody waits for any more fails quietly', async (t) => {
  const unhandled: unknown[] = []
  const note = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', note)
  t.after(() => process.off('unhandledRejection', note))
  const silent = await startApi({ after }, () => undefined)
  const auth = { type: 'oauth2', endpoint: `${silent.url}/token`, clientId: 'a', clientSecret: 'b' }
  await using context = testContext({ config: http.config.parse({ baseUrl: silent.url, auth }) })
  const source = await (http.source ?? assert.fail()).open(context)
  const reason = new Error('the test stopped it')
  const request = readRequest({ query: { path: 'x' }, parameters: {} }, 'columns')
  await assert.rejects(source.prepare(request, AbortSignal.abort(reason)), reason)
  await source[Symbol.asyncDispose]()
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.deepEqual(unhandled, [])
  assert.equal(silent.seen.length, 0)
})
