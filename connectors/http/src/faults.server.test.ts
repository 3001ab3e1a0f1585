import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { startProxy } from '../../../test/support/proxy.ts'
import { json, type SeenRequest, startApi } from './testing/api-server.ts'
import { readAll, readFailure, readRecords } from './testing/read.ts'

const filler = 'é'.repeat(600)
const records = Array.from({ length: 1000 }, (_, id) => ({ id, filler }))
const page = JSON.stringify({ data: records })
/** How often each path was asked for. */
const counts = new Map<string, number>()

const api = await startApi({ after }, (request) => {
  const { path, response } = request
  const count = (counts.get(path) ?? 0) + 1
  counts.set(path, count)
  const ok = (headers: Record<string, string> = {}): void => json(request, '{"data":[1,2,3]}', 200, headers)
  switch (path) {
    case '/whole':
      return json(request, page)
    case '/changes':
      return json(request, { data: records.map((record) => ({ ...record, count })) })
    case '/shrinks':
      return json(request, { data: count === 1 ? records : records.slice(0, 10) })
    case '/fails-twice':
      return count <= 2 ? json(request, {}, 503) : ok()
    case '/fails':
      return json(request, {}, 500)
    case '/throttles':
      return count === 1 ? json(request, {}, 429, { 'retry-after': '1' }) : ok()
    case '/throttles-by-date':
      return count === 1
        ? json(request, {}, 503, { 'retry-after': new Date(Date.now() + 2000).toUTCString() })
        : ok()
    case '/throttles-long':
      return json(request, {}, 429, { 'retry-after': '86400' })
    case '/forbids-for-now':
      return count === 1
        ? json(request, {}, 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' })
        : ok()
    case '/used-up':
      return count === 1
        ? json(request, [1], 200, { 'ratelimit-remaining': '0', 'ratelimit-reset': '1' })
        : json(request, [])
    case '/pages':
      return json(request, count < 4 ? [count] : [])
    case '/breaks-off':
      return count === 1 ? breakOff(request, page, 200_000) : json(request, page)
    case '/ends-early':
      // Chunked, and ended as if it were whole.
      response.setHeader('content-type', 'application/json')
      return void response.end(count <= 2 ? page.slice(0, 200_000) : page)
    case '/always-ends-early':
      return void response.end('{"data":[1,2')
    case '/gzip':
      return packed(request, 'gzip', gzipSync(page))
    case '/deflate':
      return packed(request, 'deflate', deflateSync(page))
    case '/br':
      return packed(request, 'br', brotliCompressSync(page))
    case '/half-gzip':
      return packed(request, 'gzip', gzipSync(page).subarray(0, 2000))
    case '/bad-gzip':
      return packed(request, 'gzip', Buffer.from(page))
    case '/bomb':
      return packed(request, 'gzip', gzipSync(Buffer.alloc(64 * 2 ** 20, ' ')))
    case '/never':
      return
    case '/stops':
      response.writeHead(200, { 'content-type': 'application/json' })
      return void response.write('{"data":[1,')
    case '/latin1':
      return void response.end(Buffer.from('["\xe9"]', 'latin1'))
    case '/mark':
      return void response.end('\ufeff[1]')
    case '/nothing':
      return void response.writeHead(204).end()
    case '/damaged':
      return json(request, '[{"id":1},{"id":2,}]')
    case '/moved':
      return void response.writeHead(302, { location: '/redirected?x=1' }).end()
    case '/redirected':
      return json(request, [request.parameters.get('x')])
    case '/moved-elsewhere':
      return void response.writeHead(307, { location: 'http://localhost:1/x' }).end()
    case '/moved-for-ever':
      return void response.writeHead(301, { location: '/moved-for-ever' }).end()
    case '/moved-post':
      return void response.writeHead(request.method === 'POST' ? 308 : 500, { location: '/echo' }).end()
    case '/moved-post-to-get':
      return void response.writeHead(303, { location: '/echo' }).end()
    case '/echo':
      return json(request, [{ method: request.method, body: JSON.parse(request.body || 'null') as unknown }])
    case '/numbers':
      return json(request, `[${request.body}]`)
    default:
      return json(request, { title: 'Unknown\nthing.' }, 404)
  }
})

function breakOff({ response }: SeenRequest, text: string, at: number): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.write(Buffer.from(text).subarray(0, at), () =>
    setTimeout(() => response.socket?.resetAndDestroy(), 100),
  )
}

function packed({ response }: SeenRequest, encoding: string, bytes: Buffer): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding })
  response.end(bytes)
}

const config = { baseUrl: api.url, retry: { attempts: 3 } }
const data = (path: string, more: object = {}) => ({ config, query: { path, records: '/data' }, ...more })
const list = (path: string, more: object = {}) => ({ config, query: { path }, ...more })

test('tries again what fails on the way, and gives up after so many attempts', async () => {
  assert.deepEqual(await readRecords(data('fails-twice')), [1, 2, 3])
  const error = await readFailure(data('fails'))
  assert.deepEqual([error.code, error.kind, counts.get('/fails')], ['http-unavailable', 'transient', 3])
})

test('waits as long as the server says: seconds, date, rate limit', async () => {
  for (const [path, least] of [
    ['throttles', 1000],
    ['throttles-by-date', 1000],
    ['forbids-for-now', 1000],
  ] as const) {
    const started = performance.now()
    assert.deepEqual(await readRecords(data(path)), [1, 2, 3])
    assert.ok(performance.now() - started >= least - 20, path)
  }
})

test('holds back the next page when the rate limit is used up', async () => {
  const started = performance.now()
  assert.deepEqual(await readRecords({ config, query: { path: 'used-up', paging: { by: 'page' } } }), [1])
  assert.ok(performance.now() - started >= 980)
  assert.equal(counts.get('/used-up'), 2)
})

test('does not wait longer than it may, and says how long it should', async () => {
  const started = performance.now()
  const error = await readFailure(data('throttles-long'))
  assert.deepEqual([error.code, error.kind, error.retryAfterMs], ['http-throttled', 'throttled', 86_400_000])
  assert.ok(performance.now() - started < 5000)
})

test('keeps its own rate', async () => {
  const started = performance.now()
  const slow = { ...config, requestsPerSecond: 5 }
  assert.deepEqual(
    await readRecords({ config: slow, query: { path: 'pages', paging: { by: 'page' } } }),
    [1, 2, 3],
  )
  assert.ok(performance.now() - started >= 580)
})

test('reads a page again that breaks off, without losing or doubling a record', async () => {
  assert.deepEqual(await readRecords(data('breaks-off')), records)
  assert.equal(counts.get('/breaks-off'), 2)
})

test('reads a page again that ends early as if it were whole', async () => {
  assert.deepEqual(await readRecords(data('ends-early')), records)
  const error = await readFailure(data('always-ends-early'))
  assert.deepEqual([error.code, error.kind], ['http-answer-truncated', 'transient'])
})

test('loses nothing when a proxy cuts every connection at another place', async () => {
  const proxy = await startProxy({ after }, { host: '127.0.0.1', port: api.port })
  const through = { ...config, baseUrl: `http://127.0.0.1:${proxy.port}`, retry: { attempts: 20 } }
  const size = Buffer.byteLength(page)
  for (const at of [100, size / 2, size - 5]) {
    proxy.cutAfter(Math.round(at))
    // It gets through once the proxy lets it.
    setTimeout(() => proxy.cutAfter(undefined), 700)
    assert.deepEqual(
      await readRecords({ config: through, query: { path: 'whole', records: '/data' } }),
      records,
    )
  }
})

test('notices that a page is another one when it is read again', async () => {
  for (const path of ['changes', 'shrinks']) {
    const proxy = await startProxy({ after }, { host: '127.0.0.1', port: api.port })
    proxy.cutAfter(300_000)
    setTimeout(() => proxy.cutAfter(undefined), 150)
    const error = await readFailure({
      config: { ...config, baseUrl: `http://127.0.0.1:${proxy.port}`, retry: { attempts: 10 } },
      query: { path, records: '/data' },
    })
    assert.deepEqual([error.code, error.kind], ['http-page-changed', 'transient'], path)
  }
})

test('unpacks what is packed, and bounds what comes out', async () => {
  for (const path of ['gzip', 'deflate', 'br']) assert.deepEqual(await readRecords(data(path)), records, path)
  const bomb = await readFailure({ config: { ...config, maxPageSize: '1MiB' }, query: { path: 'bomb' } })
  assert.equal(bomb.code, 'http-page-too-large')
  assert.equal((await readFailure(data('half-gzip'))).code, 'http-connection-lost')
  assert.equal((await readFailure(data('bad-gzip'))).code, 'http-answer-invalid')
  const large = await readFailure({
    config: { ...config, maxRecordSize: '1KiB' },
    query: { path: 'whole', records: '/data' },
  })
  assert.equal(large.code, 'http-record-too-large')
})

test('gives up on a server that is silent, before its answer and within it', async () => {
  for (const path of ['never', 'stops']) {
    const error = await readFailure({
      config: { ...config, requestTimeout: 'PT1S', retry: { attempts: 1 } },
      query: { path, records: '/data' },
    })
    assert.deepEqual([error.code, error.kind], ['http-timeout', 'transient'], path)
  }
  const error = await readFailure(list('never', { limits: { queryTimeoutMs: 300 } }))
  assert.deepEqual([error.code, error.kind], ['http-read-too-long', 'config'])
})

test('stops while it waits for the server, for a pause or for its turn', async () => {
  for (const [path, more] of [
    ['never', {}],
    ['throttles-long', { retry: { longestWait: 'PT48H' } }],
    ['fails', { retry: { attempts: 20 } }],
  ] as const) {
    const stop = new AbortController()
    const reason = new Error('the test stops it')
    const reading = readAll({ config: { ...config, ...more }, query: { path }, signal: stop.signal }).catch(
      (error: unknown) => error,
    )
    await sleep(100)
    const stopped = performance.now()
    stop.abort(reason)
    assert.equal(await reading, reason, path)
    assert.ok(performance.now() - stopped < 1000)
  }
})

test('follows redirects within the origin, and nowhere else', async () => {
  assert.deepEqual(await readRecords(list('moved')), ['1'])
  const post = { config, query: { path: 'moved-post', method: 'POST', body: { a: 1 } } }
  assert.deepEqual(await readRecords(post), [{ method: 'POST', body: { a: 1 } }])
  const cases: [object, string, string][] = [
    [list('moved-elsewhere'), 'http-redirect-elsewhere', 'policy'],
    [list('moved-for-ever'), 'http-redirect-refused', 'config'],
    [{ config, query: { path: 'moved-post-to-get', method: 'POST' } }, 'http-redirect-refused', 'config'],
  ]
  for (const [options, code, kind] of cases) {
    const error = await readFailure(options as Parameters<typeof readFailure>[0])
    assert.deepEqual([error.code, error.kind], [code, kind])
  }
})

test('takes an answer without content for no records, and a byte order mark for nothing', async () => {
  assert.deepEqual(await readRecords(data('nothing')), [])
  assert.deepEqual(await readRecords(list('mark')), [1])
})

test('refuses damaged answers without showing what is in them', async () => {
  const damaged = await readFailure(list('damaged'))
  assert.deepEqual([damaged.code, damaged.kind], ['http-answer-invalid', 'config'])
  assert.match(damaged.message, /byte 18/)
  assert.equal((await readFailure(list('latin1'))).code, 'http-answer-invalid')
  const unknown = await readFailure(list('unknown'))
  assert.match(unknown.message, /status 404\): Unknown thing$/)
})

test('sends a body as JSON, with whole numbers of any size, and parameters as values', async () => {
  const rows = await readAll({
    config,
    query: {
      path: 'echo',
      method: 'POST',
      body: { id: { $param: 'id' }, list: [{ $param: 'ids' }], text: { $param: 'text' } },
    },
    parameters: { id: 9007199254740993n, ids: [1, 2], text: '"},{"$where":"1' },
  })
  assert.deepEqual(rows.rows, [
    {
      record:
        '{"method":"POST","body":{"id":9007199254740992,"list":[[1,2]],"text":"\\"},{\\"$where\\":\\"1"}}',
    },
  ])
  const sent = api.seen.findLast(({ path }) => path === '/echo')?.body
  assert.equal(sent, '{"id":9007199254740993,"list":[[1,2]],"text":"\\"},{\\"$where\\":\\"1"}')
})
