import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createIndexName, request } from '../../../test/support/opensearch.ts'
import { fillIndex, openPointsInTime, slowQuery } from './testing/indices.ts'
import { lineRequest, openSource } from './testing/open-source.ts'

const server = createIndexName({ after })
const { index } = server
const config = { nodes: [server.url], scripts: 'allow' }
const documents = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `{"i":${from + i},"text":"${'x'.repeat(i % 90)}"}`)
const numbersOf = (lines: readonly string[]): number[] =>
  lines.map((line) => (JSON.parse(line) as { i: number }).i).toSorted((a, b) => a - b)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

const many = `${index}-many`
const few = `${index}-few`
await fillIndex(server, many, documents(3000), { settings: { number_of_shards: 5 } })
await fillIndex(server, few, documents(1000, 3000), { settings: { number_of_shards: 2 } })
/** Looking at all of it by a slow query takes a while on any machine. */
const vast = `${index}-vast`
await fillIndex(server, vast, documents(40_000))

test('reads the documents of the moment while others write, change and delete', async () => {
  const name = `${index}-busy`
  await fillIndex(server, name, documents(4000), {
    settings: { number_of_shards: 3, refresh_interval: '50ms' },
  })
  const stop = new AbortController()
  let written = 0
  const writer = (async () => {
    while (!stop.signal.aborted) {
      const from = written % 4000
      const lines = Array.from({ length: 50 }, (_, i) => [
        `{"index":{"_id":"new-${written + i}"}}\n{"i":${100_000 + written + i}}`,
        `{"index":{"_id":"d${from + i}"}}\n{"i":-1}`,
        `{"delete":{"_id":"d${3999 - from - i}"}}`,
      ]).flat()
      await request(server, 'POST', `/${name}/_bulk?refresh=true`, `${lines.join('\n')}\n`)
      written += 50
    }
  })()
  try {
    await using open = await openSource(config)
    const { signal } = new AbortController()
    const wanted = lineRequest({ index: name, pageSize: 40 }, { batchRows: 100 })
    // The writer was at work before; what counts is what was there at the moment that prepare fixes.
    await using extract = await open.source.prepare(wanted, signal)
    const writtenBefore = written
    const seen: string[] = []
    for await (const batch of extract.read(signal)) {
      assert.equal(batch.form, 'bytes')
      seen.push(
        ...Buffer.from(batch.form === 'bytes' ? batch.bytes : [])
          .toString()
          .split('\n')
          .slice(0, -1),
      )
      await sleep(10)
    }
    assert.ok(written > writtenBefore, 'nobody wrote meanwhile: this proves nothing')
    const numbers = numbersOf(seen)
    const fresh = numbers.filter((i) => i >= 100_000)
    const newest = Math.max(...fresh, 99_999) - 100_000 + 1
    assert.ok(newest <= writtenBefore + 50, 'it saw what was written later')
    assert.equal(fresh.length, newest, 'documents of the moment are missing')
    const kept = numbers.filter((i) => i >= 0 && i < 100_000)
    assert.equal(new Set(kept).size, kept.length, 'a document came twice')
  } finally {
    stop.abort()
    await writer
  }
})

test('loses nothing at the ends of pages, where shards have documents at the same place', async () => {
  await using open = await openSource(config)
  for (const pageSize of [1, 7, 100])
    for (const slices of [1, 2, 5])
      assert.deepEqual(
        numbersOf(await open.lines({ index: many, pageSize, slices, query: { range: { i: { lt: 400 } } } })),
        upTo(400),
        `pages of ${pageSize}, ${slices} slices`,
      )
})

test('reads several indices, with more slices than one of them has shards', async () => {
  await using open = await openSource(config)
  assert.deepEqual(numbersOf(await open.lines({ index: [many, few] })), upTo(4000))
  assert.deepEqual(numbersOf(await open.lines({ index: [many, few], slices: 4, pageSize: 33 })), upTo(4000))
})

test('cuts shards in parts without losing or doubling a document, wherever the wanted ones lie', async () => {
  await using open = await openSource(config)
  const ends = [{ range: { i: { lt: 300 } } }, { range: { i: { gte: 2700 } } }]
  const queries = [{ match_all: {} }, ...ends, { bool: { should: ends } }, { terms: { i: [0, 1499, 2999] } }]
  const one = `${index}-one`
  await fillIndex(server, one, documents(3000))
  for (const name of [one, many])
    for (const [which, query] of queries.entries())
      for (const [pageSize, slices] of [
        [7, 3],
        [100, 8],
        [10_000, 2],
      ] as const) {
        const title = `${name}, query ${which}, pages of ${pageSize}`
        const alone = await open.lines({ index: name, query, slices: 1 })
        const cut = await open.lines({ index: name, query, pageSize, slices }, { batchRows: 50 })
        assert.deepEqual(numbersOf(cut), numbersOf(alone), title)
      }
})

test('keeps an order of the query over all shards, ties included', async () => {
  await fillIndex(
    server,
    `${index}-ties`,
    Array.from(
      { length: 500 },
      (_, i) =>
        `{"i":${i},"group":${i % 3 === 0 ? 'null' : i % 3},"big":${9_007_199_254_740_993n + BigInt(i)}}`,
    ),
    { settings: { number_of_shards: 4 } },
  )
  await using open = await openSource(config)
  const groups = async (sort: unknown): Promise<unknown[]> => {
    const lines = await open.lines({ index: `${index}-ties`, sort, pageSize: 13 })
    assert.deepEqual(numbersOf(lines), upTo(500))
    return lines.map((line) => (JSON.parse(line) as { group: unknown }).group)
  }
  const ascending = await groups(['group'])
  assert.deepEqual(
    ascending,
    ascending.toSorted((a, b) => Number(a ?? 9) - Number(b ?? 9)),
  )
  await groups([{ group: 'desc' }])
  const big = await open.lines({ index: `${index}-ties`, sort: [{ big: 'asc' }], pageSize: 13 })
  assert.deepEqual(
    big.map((line) => (JSON.parse(line) as { i: number }).i),
    upTo(500),
  )
})

test('deletes the point in time, however the read ends', async () => {
  const before = await openPointsInTime(server, `${many},${vast}`)
  await using open = await openSource(config)
  const { signal } = new AbortController()
  await open.lines({ index: many })
  {
    await using extract = await open.source.prepare(lineRequest({ index: many, pageSize: 10 }), signal)
    assert.equal(
      await openPointsInTime(server, `${many},${vast}`),
      before + 5,
      'there is a context for each shard',
    )
    for await (const _ of extract.read(signal)) break
  }
  await assert.rejects(open.lines({ index: many, query: { nonsense: {} } }))
  await assert.rejects(open.rows({ index: many, columns: [{ path: 'text', type: 'integer' }] }), {
    code: 'opensearch-value-unfit',
  })
  const stop = new AbortController()
  setTimeout(() => stop.abort(new Error('the test stops it')), 300)
  const cancelled = (async () => {
    await using extract = await open.source.prepare(
      lineRequest({ index: vast, query: slowQuery().query }),
      stop.signal,
    )
    for await (const _ of extract.read(stop.signal)) break
  })()
  await assert.rejects(cancelled, /the test stops it/)
  await until(
    async () => (await openPointsInTime(server, `${many},${vast}`)) === before,
    'a point in time is left',
  )
})

test('renews the point in time while the reader is slow', async () => {
  await using open = await openSource({ ...config, keepAlive: 'PT1S' })
  const { signal } = new AbortController()
  await using extract = await open.source.prepare(
    lineRequest({ index: many, pageSize: 10, slices: 1 }, { batchRows: 10 }),
    signal,
  )
  let rows = 0
  for await (const batch of extract.read(signal)) {
    if (rows === 0) await sleep(4000)
    rows += batch.rows as number
  }
  assert.equal(rows, 3000)
})

test('gives up a read that takes longer than the connection allows', async () => {
  await using open = await openSource(config, { limits: { queryTimeoutMs: 500 } })
  await assert.rejects(open.lines({ index: vast, query: slowQuery().query }), {
    code: 'opensearch-query-timeout',
  })
})

test('gives up an answer that takes longer than the settings allow, and so does the server', async () => {
  const slow = slowQuery()
  await using open = await openSource({ ...config, requestTimeout: 'PT1S', attempts: 1 })
  await assert.rejects(open.lines({ index: vast, query: slow.query }), { code: 'opensearch-request-timeout' })
  await until(
    async () =>
      !JSON.stringify(await request(server, 'GET', '/_tasks?actions=*search*&detailed')).includes(slow.mark),
    'the server still works on it',
  )
})

async function until(ask: () => Promise<boolean>, otherwise: string): Promise<void> {
  const deadline = Date.now() + 8000
  while (!(await ask())) {
    assert.ok(Date.now() < deadline, otherwise)
    await sleep(50)
  }
}
