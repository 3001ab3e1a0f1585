import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { parseCql, statementOf } from './cql-text.ts'

function refusal(query: string): string {
  try {
    statementOf(parseCql(query))
    return 'none'
  } catch (error) {
    return isBulkheadError(error) ? error.code : String(error)
  }
}

test('finds parameters in code only', () => {
  const query = `SELECT a, "x:no", 'it''s :no', $$ :no ' $$ FROM t -- :no ?
    WHERE a = :a /* :no ? /* */ AND b IN :b // :no ?
    AND c = {street:'x', n: :n} AND d[0] = :a;`
  const { cql, names } = statementOf(parseCql(query))
  assert.deepEqual(names, ['a', 'b', 'n', 'a'])
  assert.equal(
    cql,
    `SELECT a, "x:no", 'it''s :no', $$ :no ' $$ FROM t -- :no ?
    WHERE a = ? /* :no ? /* */ AND b IN ? // :no ?
    AND c = {street:'x', n: ?} AND d[0] = ?`,
  )
})

test('takes one SELECT, and nothing else', () => {
  assert.equal(refusal('SELECT 1'), 'none')
  assert.equal(refusal(' \n/* x */ -- y\n select * from t ; -- end'), 'none')
  assert.equal(refusal('SELECT 1; SELECT 2'), 'cassandra-not-a-query')
  assert.equal(refusal(`SELECT ';' FROM t`), 'none')
  assert.equal(refusal('INSERT INTO t (a) VALUES (1)'), 'cassandra-write-refused')
  assert.equal(refusal('BEGIN BATCH DELETE FROM t APPLY BATCH'), 'cassandra-write-refused')
  assert.equal(refusal('-- SELECT\nTRUNCATE t'), 'cassandra-write-refused')
  assert.equal(refusal(`'x' SELECT 1`), 'cassandra-not-a-query')
  assert.equal(refusal('SELECTED'), 'cassandra-not-a-query')
  assert.equal(refusal(''), 'cassandra-not-a-query')
  assert.equal(refusal('SELECT * FROM t WHERE a = ?'), 'cassandra-positional-parameter')
})

test('keeps every character of any text', () => {
  const token = fc.constantFrom(
    "'",
    '"',
    '$$',
    '--',
    '//',
    '/*',
    '*/',
    '\n',
    ':a',
    '::',
    '{',
    '}',
    ';',
    '?',
    'x ',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(token, fc.string())), (tokens) => {
      const text = tokens.join('')
      assert.equal(
        parseCql(text)
          .pieces.map((piece) => piece.text)
          .join(''),
        text,
      )
    }),
  )
})
