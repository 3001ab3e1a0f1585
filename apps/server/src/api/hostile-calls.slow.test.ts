/** What somebody may send who means no good: the server answers with a problem, or hangs up, and goes on. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { application, job, type ServedApi, serveApi } from './api.test-support.ts'

const runs = `/api/v1/applications/${application}/jobs/${job}/runs`

async function stillWell(api: ServedApi): Promise<void> {
  assert.equal((await api.call('GET', '/health/live')).status, 200)
}

async function served(t: TestContext) {
  const api = await serveApi(t)
  const headers = await api.token('admin')
  const authorization = `Authorization: ${headers['Authorization'] ?? ''}`
  return { api, headers, authorization }
}

test('a body over the bound is refused before it is read, and one without a length as soon as it is over', async (t) => {
  const api = await serveApi(t, { http: { requestBytes: '10KiB' } })
  const { Authorization = '' } = await api.token('admin')
  const head = `POST ${runs} HTTP/1.1\r\nHost: a\r\nAuthorization: ${Authorization}\r\nContent-Type: application/json\r\n`
  const announced = await api.raw(`${head}Content-Length: 99999999999\r\n\r\n`)
  assert.match(announced, /^HTTP\/1\.1 413 /)
  assert.match(announced, /call-too-large/)
  const chunk = `400\r\n${'x'.repeat(0x400)}\r\n`
  const chunked = await api.raw([
    `${head}Transfer-Encoding: chunked\r\n\r\n`,
    ...Array.from({ length: 20 }, () => chunk),
  ])
  assert.match(chunked, /^HTTP\/1\.1 413 /)
  await stillWell(api)
})

test('a stranger sends no body: without a token nothing of it is read', async (t) => {
  const { api } = await served(t)
  const answer = await api.raw(
    `POST ${runs} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{`,
  )
  assert.match(answer, /^HTTP\/1\.1 401 /)
})

test('headers and bodies that come too slowly are given up', async (t) => {
  const api = await serveApi(t, { timeouts: { headersMs: 300, requestMs: 600 } })
  const { Authorization = '' } = await api.token('admin')
  const begin = performance.now()
  const [slowHead, slowBody] = await Promise.all([
    api.raw('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ', 5_000),
    api.raw(
      `POST ${runs} HTTP/1.1\r\nHost: a\r\nAuthorization: ${Authorization}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"para`,
      5_000,
    ),
  ])
  assert.ok(performance.now() - begin < 4_000)
  assert.match(slowHead, /^HTTP\/1\.1 408 /)
  assert.match(slowBody, /^HTTP\/1\.1 408 /)
  await stillWell(api)
})

test('headers that are too long, or no HTTP, are answered and the connection is closed', async (t) => {
  const { api } = await served(t)
  assert.match(
    await api.raw(`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  )
  for (const text of [
    'NONSENSE\r\n\r\n',
    'GET / HTTP/9.9\r\nHost: a\r\n\r\n',
    'GET /\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n',
    'GET / HTTP/1.1\nHost: a\nX: a\n\n\n',
  ])
    assert.match(await api.raw(text, 100), /^HTTP\/1\.1 (400|404) |^$/, JSON.stringify(text))
  await stillWell(api)
})

test('one call cannot hide another: lengths and codings that contradict each other are refused', async (t) => {
  const { api, authorization } = await served(t)
  const hidden = 'GET /api/v1/tokens HTTP/1.1\r\nHost: a\r\n\r\n'
  const head = `POST ${runs} HTTP/1.1\r\nHost: a\r\n${authorization}\r\nContent-Type: application/json\r\n`
  for (const lengths of [
    'Content-Length: 5\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked\r\nContent-Length: 5',
    'Content-Length: 0\r\nContent-Length: 44',
    'Content-Length: 44, 0',
    'Content-Length: +44',
    'Content-Length: -1',
    'Content-Length: 0x2c',
    'Content-Length:\x0b44',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  ]) {
    const answer = await api.raw(`${head}${lengths}\r\n\r\n0\r\n\r\n${hidden}`, 150)
    assert.equal(answer.split('HTTP/1.1 ').length - 1 <= 1, true, `${lengths}: ${answer}`)
    assert.doesNotMatch(answer, /^HTTP\/1\.1 2/, lengths)
  }
  await stillWell(api)
})

test('headers that decide something are there once, or the call is refused', async (t) => {
  const { api, authorization } = await served(t)
  for (const twice of [
    'Host: b',
    authorization,
    'Content-Type: application/json\r\nContent-Type: application/json',
    'Idempotency-Key: a\r\nIdempotency-Key: b',
    'traceparent: a\r\ntraceparent: b',
    'ce-id: a\r\nCE-ID: b',
  ]) {
    const answer = await api.raw(
      `GET /api/v1/runs HTTP/1.1\r\nHost: a\r\n${authorization}\r\n${twice}\r\nConnection: close\r\n\r\n`,
    )
    assert.match(answer, /^HTTP\/1\.1 400 /, twice)
  }
})

test('paths lead nowhere but to endpoints', async (t) => {
  const { api, authorization } = await served(t)
  for (const path of [
    '/api/v1/applications/../tokens',
    '/api/v1/applications/%2e%2e/tokens',
    '/api/v1/applications/flights%2Fjobs%2Fdepartures/runs',
    '/api/v1//runs',
    '/api/v1/runs/',
    '/api/v1/runs/..%2f..%2fetc%2fpasswd',
    '/API/V1/RUNS',
    '/api/v1/runs;x=1',
    '/api/v1/runs/%00',
    '/api/v1/runs/%',
    '/api/v1/runs/%ff%fe',
    `/api/v1/runs/${'x'.repeat(5_000)}`,
    '/api/v1/applications/__proto__',
    '/api/v1/applications/constructor',
    '//evil.example/api/v1/runs',
    'http://evil.example/api/v1/unknown',
    '*',
  ]) {
    const answer = await api.raw(
      `GET ${path} HTTP/1.1\r\nHost: a\r\n${authorization}\r\nConnection: close\r\n\r\n`,
    )
    assert.match(answer, /^HTTP\/1\.1 (400|404|414|431) /, path)
    assert.match(answer, /application\/problem\+json/, path)
    assert.doesNotMatch(answer, /node_modules|\.ts\b|\n +at /, path)
  }
  await stillWell(api)
})

test('what an address does not take is told: methods, bodies, queries', async (t) => {
  const { api, headers } = await served(t)
  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const refused = await api.call(method, '/api/v1/runs', { headers })
    assert.equal(refused.status, 405, method)
    assert.equal(refused.headers.get('allow'), 'GET, HEAD')
  }
  const typo = await api.call('GET', '/api/v1/runs?limt=5', { headers })
  assert.equal(typo.status, 400)
  assert.match(typo.text, /limit/)
  assert.equal((await api.call('GET', '/api/v1/runs?limit=5&limit=6', { headers })).status, 400)
  assert.equal((await api.call('GET', '/api/v1/runs?limit=1e9', { headers })).status, 400)
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'application/json\tx',
  ])
    assert.equal(
      (await api.call('POST', runs, { headers: { ...headers, 'Content-Type': type }, body: '{}' })).status,
      415,
      type,
    )
  const packed = { ...headers, 'Content-Encoding': 'gzip' }
  assert.equal((await api.call('POST', runs, { headers: packed, body: '{}' })).status, 415)
  const bare = await api.call('HEAD', '/api/v1/runs', { headers })
  assert.equal(bare.status, 200)
  assert.equal(bare.text, '')
})

test('bodies that mean harm are problems: deep nesting, prototypes, no UTF-8, half of it', async (t) => {
  const { api, headers } = await served(t)
  for (const body of [
    '['.repeat(100_000),
    `{"parameters":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`,
    '{"__proto__":{"polluted":true}}',
    '{"parameters":{"__proto__":{"polluted":true}}}',
    '{"requestId":"a\\u0000b"}',
    '[]',
    'null',
    '"text"',
    Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
  ]) {
    const called = await api.call('POST', runs, { headers, body })
    assert.ok(
      called.status === 400 || called.status === 422,
      `${String(body).slice(0, 40)}: ${called.status}`,
    )
  }
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
  await stillWell(api)
})

test('who asks too often waits, and nobody else does', async (t) => {
  const api = await serveApi(t, { http: { requestsPerSecond: 5 } })
  const flood = await api.token('admin')
  const calls = await Promise.all(
    Array.from({ length: 30 }, () => api.call('GET', '/api/v1/runs', { headers: flood })),
  )
  const refused = calls.filter(({ status }) => status === 429)
  assert.ok(refused.length >= 10)
  assert.equal(refused[0]?.headers.get('retry-after'), '1')
  assert.equal(refused[0]?.json['code'], 'too-many-requests')
  // a probe is never refused
  for (let probe = 0; probe < 20; probe++) await stillWell(api)
})

test('tokens cannot be tried out faster than calls', async (t) => {
  const api = await serveApi(t, { http: { requestsPerSecond: 5 } })
  const guess = { Authorization: `Bearer bh_0123456789abcdef_${'A'.repeat(43)}` }
  const calls = await Promise.all(
    Array.from({ length: 30 }, () => api.call('GET', '/api/v1/runs', { headers: guess })),
  )
  assert.ok(calls.filter(({ status }) => status === 401).length <= 10)
  assert.ok(calls.every(({ status }) => status === 401 || status === 429))
})

test('every answer has the headers of one that no browser may show, frame or keep', async (t) => {
  const { api, headers } = await served(t)
  const answers = [
    await api.call('GET', '/api/v1/runs', { headers }),
    await api.call('GET', '/api/v1/runs'),
    await api.call('GET', '/nowhere'),
    await api.call('PUT', '/api/v1/runs'),
    await api.call('GET', '/health/live'),
    await api.call('POST', runs, { headers, body: '{' }),
  ]
  for (const answer of answers) {
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/)
    assert.equal(answer.headers.get('referrer-policy'), 'no-referrer')
    assert.equal(answer.headers.get('server'), null)
    assert.equal(answer.headers.get('x-powered-by'), null)
    assert.equal(answer.headers.get('access-control-allow-origin'), null)
  }
})

test('what callers send reaches the log as data, and tokens not at all', async (t) => {
  const { api, headers } = await served(t)
  await api.call('GET', '/api/v1/runs?state=x%0A%7B%22level%22', { headers })
  await api.call('GET', '/nowhere/secret-path')
  for (const line of api.logLines) assert.doesNotThrow(() => JSON.parse(line) as unknown)
  const log = api.logLines.join('')
  assert.ok(!log.includes((headers['Authorization'] ?? '').slice(30)))
  assert.ok(!log.includes('secret-path'))
})
