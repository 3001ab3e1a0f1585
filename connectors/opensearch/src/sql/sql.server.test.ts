/** SQL by protocol only: a fake of the plugin answers, before the server of the tests, which has none. */
import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { createIndexName } from '../../../../test/support/opensearch.ts'
import connector from '../index.ts'
import { type FakeSql, fakeSql, type KnownResult } from '../testing/fake-sql.ts'
import { startHttpProxy } from '../testing/http-proxy.ts'
import { lineRequest, type OpenSource, openSource } from '../testing/open-source.ts'

const server = createIndexName({ after })
const numbers = (count: number, more: Partial<KnownResult> = {}): KnownResult => ({
  schema: [{ name: 'i', type: 'long' }],
  rows: Array.from({ length: count }, (_, i) => `[${i}]`),
  ...more,
})

async function openFake(
  t: TestContext,
  results: Readonly<Record<string, KnownResult>>,
  config: object = {},
): Promise<OpenSource & FakeSql> {
  const fake = fakeSql((sql) => results[sql])
  const { url } = await startHttpProxy(t, server.url, fake.meddling)
  const open = await openSource({ nodes: [url], attempts: 1, ...config })
  t.after(() => open[Symbol.asyncDispose]())
  return { ...open, ...fake }
}

const everyType: KnownResult = {
  schema: [
    { name: 'b', type: 'boolean' },
    { name: 'n8', type: 'byte' },
    { name: 'n16', type: 'short' },
    { name: 'n32', type: 'integer' },
    { name: 'n64', type: 'long' },
    { name: 'f', type: 'float' },
    { name: 'd', type: 'double' },
    { name: 'k', type: 'keyword' },
    { name: 'x', alias: 'said', type: 'text' },
    { name: 'ip', type: 'ip' },
    { name: 'day', type: 'date' },
    { name: 'clock', type: 'time' },
    { name: 'at', type: 'timestamp' },
    { name: 'raw', type: 'binary' },
    { name: 'o', type: 'object' },
    { name: 'list', type: 'nested' },
    { name: 'where', type: 'geo_point' },
    { name: 'none', type: 'undefined' },
  ],
  rows: [
    `[true, -128, -32768, -2147483648, 9223372036854775807, 1.5, 1e300, "a\\"b", "é\\n", "::1", "2026-11-21", "08:15:00",
      "2026-11-21 08:15:00.123456", "AP8=", {\n  "a": 1.10\n}, [\n  1,\n  2\n], {"lat": 1, "lon": 2}, null]`,
    `[${Array.from({ length: 18 }, () => 'null').join(', ')}]`,
  ],
}

test('keeps every type that the plugin says, to the last digit', async (t) => {
  const open = await openFake(t, { 'SELECT *': everyType })
  const [first, second] = await open.rows('SELECT *')
  assert.deepEqual(first, {
    b: true,
    n8: -128,
    n16: -32768,
    n32: -2_147_483_648,
    n64: 9_223_372_036_854_775_807n,
    f: 1.5,
    d: 1e300,
    k: 'a"b',
    said: 'é\n',
    ip: '::1',
    day: '2026-11-21',
    clock: '08:15:00',
    at: '2026-11-21 08:15:00.123456+00',
    raw: Uint8Array.of(0, 255),
    o: '{   "a": 1.10 }',
    list: '[   1,   2 ]',
    where: '{"lat": 1, "lon": 2}',
    none: null,
  })
  assert.ok(Object.values(second ?? {}).every((value) => value === null))
  const [line = ''] = await open.lines('SELECT *')
  assert.match(line, /^\{"b":true,"n8":-128,.*"n64":9223372036854775807,.*"said":"é\\n",.*"none":null\}$/)
})

test('fails at a value that its type cannot keep, and at columns of one name', async (t) => {
  const one = (type: string, value: string): KnownResult => ({
    schema: [{ name: 'a', type }],
    rows: [`[${value}]`],
  })
  const open = await openFake(t, {
    'SELECT a': one('long', '[1, 2]'),
    'SELECT at': one('timestamp', '"2026-11-21 08:15:00.123456789"'),
    'SELECT day': one('date', '"2026-11-21 00:00:00"'),
    'SELECT two': {
      schema: [
        { name: 'a', type: 'long' },
        { name: 'b', alias: 'a', type: 'long' },
      ],
      rows: [],
    },
  })
  for (const query of ['SELECT a', 'SELECT at', 'SELECT day'])
    await assert.rejects(open.rows(query), { code: 'opensearch-value-unfit', path: 'query' })
  await assert.rejects(open.rows('SELECT two'), { code: 'opensearch-duplicate-column', path: 'query' })
})

test('does not claim to read one moment, which only object queries do', async (t) => {
  const open = await openFake(t, { 'SELECT i': numbers(1) })
  await using extract = await open.source.prepare(lineRequest('SELECT i'), new AbortController().signal)
  assert.equal(extract.consistency, 'none')
  assert.equal(connector.source?.capabilities.snapshot, 'object')
})

test('reads page by page, and closes the cursor of what it leaves', async (t) => {
  const open = await openFake(t, { 'SELECT i': numbers(3501) })
  assert.equal((await open.lines('SELECT i')).length, 3501)
  assert.equal((await open.rows('SELECT i')).length, 3501)
  assert.equal(open.open.size, 0)
  assert.deepEqual(await open.lines('SELECT i', { maxRows: 3 }), ['{"i":0}', '{"i":1}', '{"i":2}'])
  assert.equal(open.fetchSizes.at(-1), 3)
  const { signal } = new AbortController()
  {
    await using extract = await open.source.prepare(lineRequest('SELECT i', { batchRows: 10 }), signal)
    for await (const batch of extract.read(signal)) if (batch.form === 'bytes') break
    assert.equal(open.open.size, 1)
  }
  assert.equal(open.open.size, 0)
})

test(
  'closes the cursor of a read that was cancelled while the server is silent',
  { timeout: 5000 },
  async (t) => {
    const open = await openFake(t, { 'SELECT i': numbers(3000, { later: (page) => page === 3 }) })
    const stop = new AbortController()
    await assert.rejects(
      async () => {
        await using extract = await open.source.prepare(lineRequest('SELECT i'), stop.signal)
        setTimeout(() => stop.abort(new Error('enough')), 200)
        for await (const batch of extract.read(stop.signal)) void batch
      },
      { message: 'enough' },
    )
    assert.equal(open.open.size, 0)
  },
)

test('asks for a page once: the server may have gone on behind it', async (t) => {
  let asked = 0
  const later = (_page: number, outgoing: { destroy: () => unknown }): boolean => {
    asked++
    outgoing.destroy()
    return true
  }
  const open = await openFake(t, { 'SELECT i': numbers(3000, { later }) }, { attempts: 4 })
  await assert.rejects(open.lines('SELECT i'), { code: 'opensearch-connection-lost', kind: 'transient' })
  assert.equal(asked, 1)
})

test('asks for fewer rows where an answer does not fit, and gives up at one', async (t) => {
  const long = (length: number): KnownResult => ({
    schema: [{ name: 'a', type: 'text' }],
    rows: Array.from({ length: 60 }, () => `["${'x'.repeat(length)}"]`),
  })
  const open = await openFake(
    t,
    { 'SELECT a': long(1000), 'SELECT b': long(70_000) },
    { maxDocumentSize: '64KiB' },
  )
  assert.equal((await open.lines('SELECT a')).length, 60)
  await assert.rejects(open.lines('SELECT b'), { code: 'opensearch-sql-answer-too-large', path: 'query' })
  assert.deepEqual(open.fetchSizes.slice(-3), [1000, 50, 1])
})

test('refuses a result that the server may have cut in silence', async (t) => {
  const whole = (count: number): KnownResult => numbers(count, { isWhole: true })
  const open = await openFake(t, {
    'SELECT a': whole(1000),
    'SELECT b': whole(999),
    'SELECT c LIMIT 1000': whole(1000),
    'SELECT c LIMIT 20000': whole(10_000),
  })
  await assert.rejects(open.lines('SELECT a'), { code: 'opensearch-sql-cut', path: 'query' })
  await assert.rejects(open.lines('SELECT c LIMIT 20000'), { code: 'opensearch-sql-cut' })
  assert.equal((await open.lines('SELECT b')).length, 999)
  assert.equal((await open.lines('SELECT c LIMIT 1000')).length, 1000)
})

test('binds values beside the text, and shows none of them in what it says', async (t) => {
  const open = await openFake(t, { "SELECT i WHERE a =  'O\\'Brien\\\\'  AND b =  -5 ": numbers(1) })
  const query = 'SELECT i WHERE a = :name AND b = :n'
  assert.equal((await open.lines(query, { parameters: { name: "O'Brien\\", n: -5 } })).length, 1)
  const wrong = open.lines(query, { parameters: { name: 'secret-value', n: 1 } })
  await assert.rejects(wrong, (error: Error) => !error.message.includes('secret-value'))
  await assert.rejects(wrong, { code: 'opensearch-query-invalid', path: 'query' })
  await assert.rejects(open.lines('SELECT nothing'), { message: /Failed to parse \[SELECT nothing\]/ })
})

test('says that the server has no SQL', async () => {
  await using open = await openSource({ nodes: [server.url] })
  await assert.rejects(open.lines('SELECT 1'), {
    code: 'opensearch-sql-missing',
    kind: 'config',
    path: 'query',
  })
})
