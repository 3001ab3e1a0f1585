import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBulkheadError, type ParameterValue } from '@bulkhead/connector-sdk'
import { bindQuery, query as schema } from './query.ts'

function faultOf(
  query: unknown,
  parameters: Readonly<Record<string, ParameterValue>> = {},
): { readonly code: string; readonly path: string | undefined } {
  try {
    bindQuery(query, parameters)
  } catch (error) {
    assert.ok(isBulkheadError(error), String(error))
    assert.equal(error.kind, 'config')
    assert.ok((error.fix ?? '') !== '')
    return { code: error.code, path: error.path }
  }
  return { code: 'none', path: undefined }
}

const cursor = { by: 'cursor', at: '/next', parameter: 'c' }
const wrong: [title: string, query: unknown, path: string][] = [
  ['an unknown field', { path: 'x', fliter: 1 }, 'query'],
  ['a pointer that is none', { path: 'x', records: 'data' }, 'query.records'],
  ['another method', { path: 'x', method: 'DELETE' }, 'query.method'],
  ['a body of a GET', { path: 'x', body: {} }, 'query.body'],
  ['records of JSON Lines', { path: 'x', format: 'ndjson', records: '/a' }, 'query.records'],
  [
    'two columns of a name',
    {
      path: 'x',
      columns: [
        { name: 'a', type: 'text' },
        { name: 'a', type: 'text' },
      ],
    },
    'query.columns.1.name',
  ],
  [
    'a column named as the rest',
    { path: 'x', otherFields: 'keep', columns: [{ name: 'otherFields', type: 'text' }] },
    'query.columns.0.name',
  ],
  [
    'a scale beyond the precision',
    { path: 'x', columns: [{ name: 'a', type: 'decimal(2,3)' }] },
    'query.columns.0.type',
  ],
  ['another paging', { path: 'x', paging: { by: 'magic' } }, 'query.paging.by'],
  [
    'a cursor from nowhere',
    { path: 'x', records: '/d', paging: { by: 'cursor', parameter: 'c' } },
    'query.paging',
  ],
  ['a cursor to nowhere', { path: 'x', records: '/d', paging: { by: 'cursor', at: '/n' } }, 'query.paging'],
  [
    'a cursor in the body of a GET',
    { path: 'x', records: '/d', paging: { by: 'cursor', at: '/n', bodyField: '/c' } },
    'query.paging.bodyField',
  ],
  [
    'a cursor within the records',
    { path: 'x', records: '/d', paging: { ...cursor, at: '/d/0' } },
    'query.paging.at',
  ],
  ['a cursor beside a list that is all', { path: 'x', paging: cursor }, 'query.paging.at'],
  ['a cursor of JSON Lines', { path: 'x', format: 'ndjson', paging: cursor }, 'query.paging.at'],
  [
    'two things at one place',
    { path: 'x', records: '/d', paging: { ...cursor, hasMore: '/next' } },
    'query.paging.hasMore',
  ],
  ['errors within the records', { path: 'x', records: '/d', errorsAt: '/d/0' }, 'query.errorsAt'],
  ['a short end without size', { path: 'x', paging: { by: 'page', end: 'short' } }, 'query.paging.end'],
  [
    'a size parameter without size',
    { path: 'x', paging: { by: 'page', sizeParameter: 'n' } },
    'query.paging.size',
  ],
  [
    'a header that is the connector’s',
    { path: 'x', headers: { Authorization: 'x' } },
    'query.headers.Authorization',
  ],
]
for (const [title, query, path] of wrong)
  test(`refuses ${title} before anything is sent`, () => {
    const fault = faultOf(query)
    assert.match(fault.code, /^http-(query|header)-invalid$/)
    assert.equal(fault.path, path)
  })

test('takes parameters as values only: an object of a request never becomes a part of the query', () => {
  const parameters = { p: { $gt: 1 } as unknown as ParameterValue }
  assert.equal(faultOf({ path: [{ $param: 'p' }] }, parameters).code, 'http-query-invalid')
  assert.equal(
    faultOf({ path: 'x', queryParameters: { a: { $param: 'p' } } }, parameters).code,
    'http-query-invalid',
  )
  assert.equal(
    faultOf({ path: 'x', headers: { 'X-A': { $param: 'h' } } }, { h: 'a\r\nX-B: 1' }).code,
    'http-header-invalid',
  )
  assert.equal(faultOf({ path: [{ $param: 'p', other: 1 }] }, { p: 'x' }).code, 'query-invalid')
})

test('refuses a header with space at its ends, which HTTP would drop: the value would be another one', () => {
  const query = { path: 'x', headers: { 'X-A': { $param: 'h' } } }
  for (const h of [' a', 'a ', '\ta', 'a\t', ' ']) {
    const { code, path } = faultOf(query, { h })
    assert.deepEqual([code, path], ['http-header-invalid', 'query.headers.X-A'])
  }
  for (const h of ['', 'a b', '\u00a0']) assert.deepEqual(bindQuery(query, { h }).headers, { 'x-a': h })
})

test('leaves out headers and query parameters that are null', () => {
  const bound = bindQuery(
    {
      path: ['a', { $param: 'id' }],
      headers: { 'X-A': { $param: 'none' } },
      queryParameters: { b: { $param: 'none' }, c: { $param: 'ids' } },
    },
    { id: 12345678901234567890n, none: null, ids: [1, 2] },
  )
  assert.deepEqual(bound.path, ['a', 12345678901234567890n])
  assert.deepEqual(bound.headers, {})
  assert.deepEqual(bound.queryParameters, { b: null, c: [1, 2] })
})

test('describes in its schema what it takes', () => {
  for (const query of [
    { path: 'orders' },
    { path: ['a', { $param: 'x' }, 7], queryParameters: { a: [1, { $param: 'y' }], b: { $param: 'z' } } },
    {
      path: 'x',
      method: 'POST',
      body: { any: [{ thing: null }] },
      records: '/d',
      paging: { ...cursor, maxPages: 5 },
    },
  ])
    assert.equal(schema.safeParse(query).success, true, JSON.stringify(query))
})
