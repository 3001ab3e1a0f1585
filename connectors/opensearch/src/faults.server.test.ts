import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startProxy } from '@bulkhead/connector-sdk/testing'
import { createIndexName } from '../../../test/support/opensearch.ts'
import { startHttpProxy, type Substitute } from './testing/http-proxy.ts'
import { fillIndex } from './testing/indices.ts'
import { lineRequest, openSource } from './testing/open-source.ts'

const server = createIndexName({ after })
const { index, url } = server
await fillIndex(
  server,
  index,
  Array.from({ length: 2000 }, (_, i) => `{"i":${i}}`),
)
const wanted = { index, sort: ['i'], pageSize: 300 }
const all = Array.from({ length: 2000 }, (_, i) => `{"i":${i}}`)
const isPage = (path = ''): boolean => path.startsWith('/_search?')

test('asks again when the server is busy, and goes on where it was', async (t) => {
  let pages = 0
  const busy: Substitute = {
    status: 429,
    headers: { 'retry-after': '0' },
    body: '{"error":{"type":"rejected_execution_exception","reason":"secret"},"status":429}',
  }
  const proxy = await startHttpProxy(t, url, {
    answer: ({ url: path }) => (isPage(path) && ++pages % 3 === 0 ? busy : undefined),
  })
  await using open = await openSource({ nodes: [proxy.url] })
  assert.deepEqual(await open.lines(wanted), all)
  assert.ok(pages >= 9)
})

test('leaves a long wait to the run, and says how long the server asked for', async (t) => {
  const proxy = await startHttpProxy(t, url, {
    answer: ({ url: path }) =>
      isPage(path) ? { status: 503, headers: { 'retry-after': '120' } } : undefined,
  })
  await using open = await openSource({ nodes: [proxy.url] })
  await assert.rejects(open.lines(wanted), { code: 'opensearch-unavailable', retryAfterMs: 120_000 })
})

test('gives up after so many attempts as the settings say', async (t) => {
  const proxy = await startHttpProxy(t, url, {
    answer: ({ url: path }) => (isPage(path) ? { status: 429 } : undefined),
  })
  await using open = await openSource({ nodes: [proxy.url], attempts: 2 })
  await assert.rejects(open.lines(wanted), { code: 'opensearch-busy', kind: 'throttled' })
  assert.equal(proxy.requests.filter(({ path }) => isPage(path)).length, 2)
})

test('goes on at another node when one is lost in the middle', async (t) => {
  const { hostname: host, port } = new URL(url)
  const first = await startProxy(t, { host, port: Number(port) })
  await using open = await openSource({ nodes: [`http://127.0.0.1:${first.port}`, url] })
  const { signal } = new AbortController()
  await using extract = await open.source.prepare(lineRequest(wanted, { batchRows: 250 }), signal)
  const lines: string[] = []
  for await (const batch of extract.read(signal)) {
    if (lines.length === 0) {
      first.refuse(true)
      first.cut()
    }
    lines.push(
      ...Buffer.from(batch.form === 'bytes' ? batch.bytes : [])
        .toString()
        .split('\n')
        .slice(0, -1),
    )
  }
  assert.deepEqual(lines, all)
})

test('finds the node that answers', async () => {
  await using open = await openSource({ nodes: ['http://127.0.0.1:1', 'http://nobody.invalid:9200', url] })
  const { signal } = new AbortController()
  assert.match(await open.source.check(signal), /OpenSearch/)
})

test('asks a page again whose answer broke off', async (t) => {
  const { hostname: host, port } = new URL(url)
  const proxy = await startProxy(t, { host, port: Number(port) })
  await using open = await openSource({ nodes: [`http://127.0.0.1:${proxy.port}`] })
  proxy.cutAfter(60_000)
  assert.deepEqual(await open.lines(wanted), all)
  assert.ok(proxy.accepted > 2, 'no connection broke: this proves nothing')
})

/** What the server of the tests does not do: its answers are changed on their way. */
const spoiled: readonly (readonly [string, (body: string) => string, string])[] = [
  ['a failed shard', (body) => body.replace('"failed":0', '"failed":1'), 'opensearch-partial-result'],
  [
    'a shard that is missing',
    (body) => body.replace('"successful":1', '"successful":0'),
    'opensearch-partial-result',
  ],
  [
    'an answer before its time',
    (body) => body.replace('"timed_out":false', '"timed_out":true'),
    'opensearch-partial-result',
  ],
  [
    'a search that ended early',
    (body) => body.replace('"timed_out"', '"terminated_early":true,"timed_out"'),
    'opensearch-partial-result',
  ],
  [
    'a page without some documents',
    (body) => body.replace(/\{"_index"[^}]*\}[^}]*\},/, ''),
    'opensearch-incomplete',
  ],
  [
    'an answer that is no JSON',
    (body) => body.replace('"hits":[', '"hits":('),
    'opensearch-unexpected-answer',
  ],
  ['an answer of something else', () => '<html>Welcome</html>', 'opensearch-unexpected-answer'],
]
for (const [title, change, code] of spoiled)
  test(`never takes ${title} for a result`, async (t) => {
    let pages = 0
    const proxy = await startHttpProxy(t, url, {
      change: (path, body) => (isPage(path) && ++pages === 3 ? change(body) : body),
    })
    await using open = await openSource({ nodes: [proxy.url] })
    await assert.rejects(open.lines(wanted), (error: Error & { code?: string; fix?: string }) => {
      assert.equal(error.code, code)
      assert.ok(error.fix)
      return true
    })
  })

test('says when the server lost the point in time', async (t) => {
  let pages = 0
  const body =
    '{"error":{"root_cause":[{"type":"search_context_missing_exception","reason":"No search context"}],"type":"search_phase_execution_exception","reason":"all shards failed","phase":"query","failed_shards":[{"shard":0,"reason":{"type":"search_context_missing_exception","reason":"x"}}]},"status":404}'
  const proxy = await startHttpProxy(t, url, {
    answer: ({ url: path }) => (isPage(path) && ++pages === 3 ? { status: 404, body } : undefined),
  })
  await using open = await openSource({ nodes: [proxy.url] })
  await assert.rejects(open.lines(wanted), { code: 'opensearch-snapshot-lost', kind: 'transient' })
})

test('tells a missing right by its name, and a server that is another product', async (t) => {
  const body =
    '{"error":{"root_cause":[],"type":"security_exception","reason":"no permissions for [indices:data/read/point_in_time/create] and User [name=secret-user]"},"status":403}'
  const denying = await startHttpProxy(t, url, { answer: () => ({ status: 403, body }) })
  {
    await using open = await openSource({ nodes: [denying.url], user: 'a', password: 'b' })
    await assert.rejects(open.lines(wanted), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'opensearch-permission-denied')
      assert.match(error.message, /indices:data\/read\/point_in_time\/create/)
      assert.doesNotMatch(error.message, /secret-user/)
      return true
    })
    const { signal } = new AbortController()
    assert.match(await open.source.check(signal), /takes the login/)
  }
  const page = await startHttpProxy(t, url, { answer: () => ({ status: 200, body: '<html></html>' }) })
  const missing = await startHttpProxy(t, url, { answer: () => ({ status: 404, body: 'not found' }) })
  for (const { url: other } of [page, missing]) {
    await using open = await openSource({ nodes: [other] })
    const { signal } = new AbortController()
    await assert.rejects(open.source.check(signal), { code: 'opensearch-not-a-server' })
    await assert.rejects(open.lines(wanted), { code: 'opensearch-not-a-server' })
  }
})

test('shows no value of a parameter in what the server says of a query', async () => {
  await using open = await openSource({ nodes: [url] })
  const query = { index, query: { range: { i: { gte: { $param: 'from' } } } } }
  await assert.rejects(
    open.lines(query, { parameters: { from: 'private-text' } }),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'opensearch-query-invalid')
      assert.doesNotMatch(error.message, /private-text/)
      return true
    },
  )
})
