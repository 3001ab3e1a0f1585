import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BulkheadError, ParameterValue } from '@bulkhead/connector-sdk'
import { bindSql } from './bind-sql.ts'

type Values = Readonly<Record<string, ParameterValue>>

function refusal(text: string, values: Values = {}): string {
  try {
    bindSql(text, values)
  } catch (error) {
    const { code, path } = error as BulkheadError
    return `${code} at ${path}`
  }
  return 'accepted'
}

test('puts places where parameters stand, and the values beside them, in their order', () => {
  const { text, parameters } = bindSql("SELECT a FROM t WHERE x IN (:x,:y) AND z = ':x' AND w > :x;", {
    x: 9_223_372_036_854_775_807n,
    y: `it's "so"`,
  })
  assert.equal(text, "SELECT a FROM t WHERE x IN ( ? , ? ) AND z = ':x' AND w >  ? ")
  const big = { type: 'long', value: '9223372036854775807' }
  assert.deepEqual(parameters, [big, { type: 'string', value: String.raw`"it's \"so\""` }, big])
})

test('says the type of each value', () => {
  const typeOf = (value: ParameterValue): unknown => bindSql('SELECT :v', { v: value }).parameters[0]
  assert.deepEqual(typeOf(true), { type: 'boolean', value: 'true' })
  assert.deepEqual(typeOf(null), { type: 'null', value: 'null' })
  assert.deepEqual(typeOf(-3), { type: 'long', value: '-3' })
  assert.deepEqual(typeOf(1e300), { type: 'double', value: '1e+300' })
})

test('refuses whatever does not begin with a statement that reads', () => {
  for (const text of [
    'DELETE FROM t',
    '/* /* */ DELETE FROM t -- */ SELECT 1',
    '-- x\nSELECT 1',
    '(SELECT 1)',
    'source=t',
    'SELECTED',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    '',
  ])
    assert.equal(refusal(text), 'opensearch-sql-refused at query', text)
  for (const text of [
    'select 1',
    ' SELECT\n1 ; ',
    'SHOW TABLES LIKE %',
    'describe TABLES LIKE t',
    "SELECT 'a?\\'' -- b",
  ])
    assert.equal(refusal(text), 'accepted', text)
})

test('refuses, beside parameters, whatever the plugin could read in another way', () => {
  for (const rest of [
    "b = '?'",
    "b = 'it\\'s'",
    'b = "it\'s"',
    "`it's` = 1",
    '`b = 1',
    'b = 1 # :a',
    'b = 1 -- :a',
    'b = /* :a */ 1',
    'b = ?',
    'b = $1',
    "b = $$it's$$",
    "b = E'x'",
    'b = 1; SELECT 1',
    'b = 2-:a',
  ])
    assert.equal(
      refusal(`SELECT 1 WHERE x = :a AND ${rest}`, { a: 1 }),
      'opensearch-sql-ambiguous at query',
      rest,
    )
})

test('refuses values that the plugin would change, or that are missing', () => {
  for (const v of [
    'a\nb',
    'a\u0000',
    '\t',
    '\ud800',
    [1, 2],
    new Uint8Array(1),
    2n ** 63n,
    Number.NaN,
  ] as ParameterValue[])
    assert.equal(refusal('SELECT :v', { v }), 'opensearch-sql-parameter-unfit at parameters.v')
  assert.equal(refusal('SELECT :v'), 'parameter-missing at query')
  assert.equal(refusal('SELECT 1', { v: 1 }), 'parameter-unknown at parameters.v')
})
