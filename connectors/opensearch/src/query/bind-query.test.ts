import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BulkheadError, ParameterValue } from '@bulkhead/connector-sdk'
import { bindQuery } from './bind-query.ts'
import { toJson } from './to-json.ts'

type Parameters = Readonly<Record<string, ParameterValue>>

function bound(query: unknown, parameters: Parameters = {}, scripts: 'refuse' | 'allow' = 'refuse'): string {
  return toJson(bindQuery(query, parameters, scripts))
}

function refusal(
  query: unknown,
  parameters: Parameters = {},
  scripts: 'refuse' | 'allow' = 'refuse',
): string {
  try {
    bindQuery(query, parameters, scripts)
  } catch (error) {
    const { code, path } = error as BulkheadError
    return `${code} at ${path}`
  }
  return 'accepted'
}

test('puts values into the query exactly, and never anything else', () => {
  const query = {
    index: 'a',
    query: { bool: { filter: [{ term: { x: { $param: 'x' } } }, { terms: { y: { $param: 'y' } } }] } },
  }
  const hostile = '"}},{"match_all":{}},{"term":{"a":"\\'
  assert.equal(
    bound(query, { x: hostile, y: [9_223_372_036_854_775_807n, 1.5, null, true] }),
    `{"index":"a","query":{"bool":{"filter":[{"term":{"x":${JSON.stringify(hostile)}}},{"terms":{"y":[9223372036854775807,1.5,null,true]}}]}}}`,
  )
  assert.equal(JSON.parse(bound(query, { x: hostile, y: [] })).query.bool.filter[0].term.x, hostile)
})

test('refuses parameters that would name more indices than one, or other places of the server', () => {
  const query = { index: { $param: 'index' } }
  assert.equal(refusal(query, { index: 'orders' }), 'accepted')
  for (const index of ['*', 'a*'])
    assert.equal(refusal(query, { index }), 'opensearch-parameter-refused at query.index')
  for (const index of [
    'a,b',
    '-a',
    '_all',
    '_search',
    'a/b',
    '../x',
    'a b',
    'a?',
    '<a-{now/d}>',
    'remote:a',
    '',
    'a%2fb',
    'a\ud800',
  ])
    assert.match(refusal(query, { index }), /^opensearch-query-invalid at query.index/, index)
  assert.equal(
    refusal({ index: 'a', routing: { $param: 'r' } }, { r: '\ud800' }),
    'opensearch-query-invalid at query.routing',
  )
  assert.match(refusal(query, { index: ['a', 'b'] }), /accepted/)
  assert.match(refusal({ index: ['a', { $param: 'b' }] }, { b: 'x*' }), /parameter-refused at query.index.1/)
  assert.match(refusal({ index: ['a', { $param: 'b' }] }, { b: ['x', 'y'] }), /query-invalid at query.index/)
  assert.equal(refusal({ index: 'logs-*' }), 'accepted')
})

test('refuses parameters where the structure of the query stands', () => {
  assert.match(
    refusal({ index: 'a', sort: [{ x: { order: { $param: 'p' } } }] }, { p: 'asc' }),
    /parameter-refused at query.sort.0/,
  )
  for (const rest of [
    { columns: { $param: 'p' } },
    { columns: [{ $param: 'p' }] },
    { pageSize: { $param: 'p' } },
    { source: { $param: 'p' } },
  ])
    assert.match(refusal({ index: 'a', ...rest }, { p: 'x' }), /^opensearch-query-invalid at query\./)
  assert.match(
    refusal({ index: 'a', query: { $param: 'p' } }, { p: 'match_all' }),
    /^opensearch-query-invalid at query.query/,
  )
})

const scripted: readonly unknown[] = [
  { script: { script: { source: 'return true' } } },
  { script: { script: 'return true' } },
  { bool: { must: [{ function_score: { script_score: { script: { source: 'x' } } } }] } },
  { script_score: { query: { match_all: {} }, script: { id: 'stored' } } },
  { terms_set: { x: { terms: ['a'], minimum_should_match_script: { source: '1' } } } },
]

test('refuses scripts wherever they stand, unless the connection allows them', () => {
  for (const query of scripted) {
    assert.match(
      refusal({ index: 'a', query }),
      /^opensearch-scripts-refused at query.query/,
      JSON.stringify(query),
    )
    assert.equal(refusal({ index: 'a', query }, {}, 'allow'), 'accepted')
  }
  const sort = [{ _script: { type: 'number', script: { source: '1' } } }]
  assert.match(refusal({ index: 'a', sort }), /^opensearch-scripts-refused at query.sort/)
})

test('takes parameters in the values of a script, never in its code', () => {
  const query = (script: unknown): unknown => ({ index: 'a', query: { script: { script } } })
  const parameters = { p: 'x' }
  assert.equal(
    refusal(query({ source: 'x', params: { a: { $param: 'p' } } }), parameters, 'allow'),
    'accepted',
  )
  for (const script of [
    { source: { $param: 'p' } },
    { id: { $param: 'p' } },
    { $param: 'p' },
    { source: 'x', lang: { $param: 'p' } },
  ])
    assert.match(refusal(query(script), parameters, 'allow'), /^opensearch-parameter-refused/)
})

test('refuses queries that hide another one', () => {
  for (const scripts of ['refuse', 'allow'] as const) {
    assert.match(
      refusal({ index: 'a', query: { wrapper: { query: 'e30=' } } }, {}, scripts),
      /scripts-refused at query.query.wrapper/,
    )
    assert.match(
      refusal({ index: 'a', query: { bool: { must: { template: {} } } } }, {}, scripts),
      /scripts-refused/,
    )
  }
})

test('refuses what it does not know, and the order of the index', () => {
  for (const rest of [
    { size: 1 },
    { aggs: {} },
    { script_fields: {} },
    { _source: ['a'] },
    { from: 0 },
    { derived: {} },
  ])
    assert.match(refusal({ index: 'a', ...rest }), /^opensearch-query-invalid/)
  for (const sort of [['_doc'], [{ x: 'asc' }, { _shard_doc: 'desc' }]])
    assert.match(refusal({ index: 'a', sort }), /^opensearch-query-invalid at query.sort/)
})

test('refuses a query without measure', () => {
  let query: unknown = { match_all: {} }
  for (let depth = 0; depth < 150; depth++) query = { bool: { must: query } }
  assert.match(refusal({ index: 'a', query }), /query-invalid/)
})
