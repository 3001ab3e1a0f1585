import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createIndexName, request } from '../../../test/support/opensearch.ts'
import { fillIndex } from './testing/indices.ts'
import { lineRequest, openSource } from './testing/open-source.ts'

const server = createIndexName({ after })
const { index, url } = server
const config = { nodes: [url] }

/** With comments, line breaks, and numbers that no float keeps: not through `_bulk`, which takes lines. */
const odd = `${index}-odd`
await request(server, 'PUT', `/${odd}`, { mappings: { enabled: false } })
const put = async (id: string, document: string): Promise<void> => {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/${odd}/_doc/${id}?refresh=true&routing=r`, {
    method: 'PUT',
    headers,
    body: document,
  })
  assert.equal(answer.status, 201, await answer.text())
}
await put(
  '1',
  '{ "b" : 1.10,\n\t"a":12345678901234567890.123456789012345678, "u":"a\\u00e9\\/\\ud83d", "e":1e400, "z":-0 }',
)
await put('2', '{"b": 1 /* , "x": 2 */, // no\n "url":"http://a/*b*/" }')
await put('3', '{}')

const loose = `${index}-loose`
await fillIndex(
  server,
  loose,
  [
    '{"id":1,"tags":"a","n":1.5,"o":{"x":1},"price":1.1}',
    '{"id":2,"tags":["a","b"],"n":2,"o":[{"x":1},{"x":2}],"price":12345678901234567890.123}',
    '{"id":3,"extra":true}',
  ],
  {
    mappings: {
      dynamic: false,
      properties: {
        id: { type: 'long' },
        tags: { type: 'keyword' },
        n: { type: 'integer' },
        o: { properties: { x: { type: 'long' } } },
        price: { type: 'double' },
      },
    },
  },
)

test('gives documents as they were stored, each in one line', async () => {
  await using open = await openSource(config)
  assert.deepEqual(await open.lines({ index: odd }), [
    '{ "b" : 1.10,  "a":12345678901234567890.123456789012345678, "u":"a\\u00e9\\/\\ud83d", "e":1e400, "z":-0 }',
    '{"b": 1  ,    "url":"http://a/*b*/" }',
    '{}',
  ])
})

test('adds what stands beside a document, and cuts parts out of it', async () => {
  await using open = await openSource(config)
  assert.deepEqual(
    await open.lines({
      index: odd,
      metadata: ['_id', '_version', '_routing', '_seq_no', '_score'],
      source: { include: ['b', 'z'] },
      query: { match_all: {} },
    }),
    [
      '{"_id":"1","_version":1,"_routing":"r","_seq_no":0,"_score":1.0,"_source":{"b" : 1.10,"z":-0}}',
      '{"_id":"2","_version":1,"_routing":"r","_seq_no":1,"_score":1.0,"_source":{"b": 1}}',
      '{"_id":"3","_version":1,"_routing":"r","_seq_no":2,"_score":1.0,"_source":{}}',
    ],
  )
})

test('gives the columns that a query lists, metadata and whole documents among them', async () => {
  await using open = await openSource(config)
  const columns = [
    '_id',
    { path: 'b', type: 'decimal' },
    { path: '_source', name: 'all' },
    '_seq_no',
    '_index',
  ]
  const rows = await open.rows({ index: odd, columns, sort: ['_seq_no'] })
  assert.deepEqual(rows[2], { _id: '3', b: null, all: '{}', _seq_no: 2n, _index: odd })
  assert.equal(rows[0]?.['b'], '1.10')
  assert.equal(rows[1]?.['all'], '{"b": 1  ,    "url":"http://a/*b*/" }')
})

const losses: readonly (readonly [string, object, string, RegExp])[] = [
  [
    'a field that the mapping does not know',
    { query: { term: { id: 3 } } },
    'opensearch-field-unmapped',
    /extra/,
  ],
  [
    'a list in a column of one value',
    { columns: ['tags'] },
    'opensearch-value-unfit',
    /column tags .* text \(row 2\)/,
  ],
  ['a fraction in a whole number', { columns: ['n'] }, 'opensearch-value-unfit', /column n /],
  ['digits that a float loses', { columns: ['price'] }, 'opensearch-value-unfit', /column price /],
  ['objects in a list on the way', { columns: ['o.x'] }, 'opensearch-value-unfit', /a list at o /],
  ['a column that nobody knows', { columns: ['nobody'] }, 'opensearch-column-unknown', /nobody/],
  [
    'two columns of one name',
    { columns: ['n', { path: 'id', name: 'n' }] },
    'opensearch-duplicate-column',
    /n is/,
  ],
]
for (const [title, rest, code, message] of losses)
  test(`fails at ${title}, and shows no value`, async () => {
    await using open = await openSource(config)
    await assert.rejects(
      open.rows({ index: loose, sort: ['id'], ...rest }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, code)
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /1\.5|12345/)
        return true
      },
    )
  })

test('keeps everything in columns of the type json', async () => {
  await using open = await openSource(config)
  const columns = ['tags', 'n', 'o', 'price', 'extra'].map((path) => ({ path, type: 'json' }))
  assert.deepEqual(await open.rows({ index: loose, sort: ['id'], columns }), [
    { tags: '"a"', n: '1.5', o: '{"x":1}', price: '1.1', extra: null },
    { tags: '["a","b"]', n: '2', o: '[{"x":1},{"x":2}]', price: '12345678901234567890.123', extra: null },
    { tags: null, n: null, o: null, price: null, extra: 'true' },
  ])
})

test('has the fields of the mapping as columns when a query lists none', async () => {
  await using open = await openSource(config)
  assert.deepEqual(
    await open.rows({ index: loose, query: { term: { id: 1 } }, columns: ['id', 'tags', 'o.x', 'price'] }),
    [{ id: 1n, tags: 'a', 'o.x': 1n, price: 1.1 }],
  )
  assert.deepEqual(
    await open.rows({ index: loose, query: { term: { id: 1 } }, source: { exclude: ['n'] } }),
    [{ id: 1n, n: null, o: '{"x":1}', price: 1.1, tags: 'a' }],
  )
})

test('refuses a field that indices give different types, until the query says one', async () => {
  await fillIndex(server, `${loose}-2`, ['{"id":"x4"}'], {
    mappings: { properties: { id: { type: 'keyword' } } },
  })
  await using open = await openSource(config)
  const both = [loose, `${loose}-2`]
  await assert.rejects(open.rows({ index: both, columns: ['id'] }), { code: 'opensearch-mapping-conflict' })
  const rows = await open.rows({ index: both, columns: [{ path: 'id', type: 'text' }] })
  assert.deepEqual(rows.map(({ id }) => String(id)).toSorted(), ['1', '2', '3', 'x4'])
})

test('says so when an index keeps no documents', async () => {
  await fillIndex(server, `${index}-bare`, ['{"a":1}'], { mappings: { _source: { enabled: false } } })
  await using open = await openSource(config)
  await assert.rejects(open.lines({ index: `${index}-bare` }), { code: 'opensearch-source-missing' })
  assert.deepEqual(await open.rows({ index: `${index}-bare`, columns: ['_id'] }), [{ _id: 'd0' }])
})

test('reads documents of very different sizes within its bounds, and refuses one that is too large', async () => {
  const name = `${index}-sizes`
  const sizes = [
    ...Array.from({ length: 1500 }, () => 10),
    3_000_000,
    9_000_000,
    ...Array.from({ length: 200 }, () => 50_000),
  ]
  await fillIndex(
    server,
    name,
    sizes.map((size, i) => `{"i":${i},"text":"${'y'.repeat(size)}"}`),
    {
      mappings: { enabled: false },
    },
  )
  for (const compression of ['none', 'gzip']) {
    await using open = await openSource({ ...config, compression })
    const { signal } = new AbortController()
    await using extract = await open.source.prepare(
      lineRequest({ index: name }, { batchBytes: 1 << 20 }),
      signal,
    )
    let rows = 0
    let bytes = 0
    for await (const batch of extract.read(signal)) {
      assert.ok(batch.form === 'bytes' && (batch.bytes.length <= 1 << 20 || batch.rows === 1))
      rows += batch.rows ?? 0
      bytes += batch.bytes.length
    }
    assert.equal(rows, sizes.length)
    assert.ok(bytes > sizes.reduce((sum, size) => sum + size, 0))
  }
  await using open = await openSource({ ...config, maxDocumentSize: '5MiB' })
  await assert.rejects(open.lines({ index: name }), { code: 'opensearch-document-too-large' })
})

test('reads an empty index, and a closed one is told', async () => {
  await fillIndex(server, `${index}-empty`, [])
  await using open = await openSource(config)
  assert.deepEqual(await open.lines({ index: `${index}-empty` }), [])
  assert.deepEqual(await open.rows({ index: `${index}-empty` }), [])
  await request(server, 'POST', `/${index}-empty/_close`)
  await assert.rejects(open.lines({ index: `${index}-empty` }), { code: 'opensearch-index-closed' })
})
