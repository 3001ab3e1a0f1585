import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBulkheadError, type ParameterValue } from '@bulkhead/connector-sdk'
import fc from 'fast-check'
import { parseAthenaSql } from './sql-text.ts'
import { bindStatement } from './statement.ts'
import { unloadStatement } from './unload-statement.ts'

function refusal(query: string, parameters: Readonly<Record<string, ParameterValue>> = {}): string {
  try {
    bindStatement(query, parameters)
  } catch (error) {
    assert.ok(isBulkheadError(error))
    return error.code
  }
  return assert.fail(`${query} was accepted`)
}

const valueOf = (value: ParameterValue): readonly string[] => bindStatement('SELECT :p', { p: value }).values

test('parameters become markers with their values apart, in the order of their places', () => {
  const query = 'SELECT \':a\', ":a", `:a` /* :a */ FROM t -- :a\nWHERE x = :b AND y=:a AND z >:b;'
  assert.deepEqual(bindStatement(query, { a: 1, b: 'x' }), {
    sql: 'SELECT \':a\', ":a", `:a` /* :a */ FROM t -- :a\nWHERE x = ? AND y=? AND z >?',
    values: ["'x'", '1', "'x'"],
    isSelect: true,
  })
})

test('a list becomes as many markers as it has values', () => {
  assert.deepEqual(bindStatement('SELECT 1 WHERE x IN (:list)', { list: [1, 'a', null] }), {
    sql: 'SELECT 1 WHERE x IN (?, ?, ?)',
    values: ['1', "'a'", 'NULL'],
    isSelect: true,
  })
  assert.equal(refusal('SELECT 1 WHERE x IN (:list)', { list: [] }), 'athena-parameter-invalid')
})

test('values are literals of their kind', () => {
  assert.deepEqual(valueOf(null), ['NULL'])
  assert.deepEqual(valueOf(true), ['true'])
  assert.deepEqual(valueOf(-5), ['-5'])
  assert.deepEqual(valueOf(9_223_372_036_854_775_807n), ['9223372036854775807'])
  assert.deepEqual(valueOf(1.5), ['1.5E0'])
  assert.deepEqual(valueOf(-1e-7), ['-1E-7'])
  assert.deepEqual(valueOf(-0), ['-0E0'])
  assert.deepEqual(valueOf("O'Hara"), ["'O''Hara'"])
  assert.deepEqual(valueOf(Uint8Array.of(0, 255)), ["X'00FF'"])
})

test('a value without a literal is refused, and never shown', () => {
  for (const value of [Number.NaN, Infinity, '\0', '\ud800', 'x'.repeat(1023)])
    assert.equal(refusal('SELECT :p', { p: value }), 'athena-parameter-invalid')
  assert.equal(valueOf('x'.repeat(1022))[0]?.length, 1024)
})

test('no text leaves its literal, whatever is in it', () => {
  const tricky = fc.array(
    fc.constantFrom("'", '"', '\\', '--', '/*', '*/', ';', '?', ':p', '\n', ' OR 1=1', 'é', '`'),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        tricky.map((parts) => parts.join('')),
        fc.string({ maxLength: 100 }),
      ),
      (value) => {
        if (value.includes('\0')) return
        const [literal = ''] = valueOf(value)
        const { pieces } = parseAthenaSql(literal)
        assert.equal(pieces.length, 1)
        assert.equal(pieces[0]?.kind, 'quoted')
        assert.equal(literal.slice(1, -1).replaceAll("''", "'"), value)
      },
    ),
  )
})

test('a minus before a parameter never becomes a comment', () => {
  assert.equal(bindStatement('SELECT 1 -:p', { p: -1 }).sql, 'SELECT 1 - ?')
})

test('statements that read are taken', () => {
  for (const query of [
    'select 1',
    ' /* c */ WITH a AS (SELECT 1) SELECT * FROM a;  -- end',
    '((SELECT 1) UNION (SELECT 2))',
    'VALUES 1',
    'TABLE t',
    'SHOW TABLES IN `a;b`',
    'DESCRIBE t',
    'EXPLAIN SELECT 1',
    'EXPLAIN (FORMAT JSON, TYPE DISTRIBUTED) SELECT 1',
    'EXPLAIN ANALYZE VERBOSE (SELECT 1)',
    'SELECT/**/1',
  ])
    assert.deepEqual(bindStatement(query, {}).values, [])
})

test('statements that do anything else are refused', () => {
  for (const query of [
    'INSERT INTO t SELECT 1',
    'insert/**/into t SELECT 1',
    'DROP TABLE t',
    'CREATE TABLE t AS SELECT 1',
    "UNLOAD (SELECT 1) TO 's3://a/' WITH (format = 'PARQUET')",
    'MSCK REPAIR TABLE t',
    'EXPLAIN ANALYZE INSERT INTO t SELECT 1',
    'EXPLAIN (TYPE IO) DELETE FROM t',
    '/* /* */ DELETE FROM t -- */ */ SELECT 1',
  ])
    assert.equal(refusal(query), 'athena-write-refused', query)
  for (const query of [
    '',
    ';',
    'SELECT 1; DROP TABLE t',
    "SELECT '\\'; DROP TABLE t --'",
    'EXECUTE p',
    'PREPARE p FROM SELECT 1',
    "USING EXTERNAL FUNCTION f() RETURNS int LAMBDA 'f' SELECT f()",
    'EXPLAIN',
    'EXPLAIN ANALYZE EXECUTE p',
    "'SELECT' 1",
  ])
    assert.equal(refusal(query), 'athena-not-a-query', query)
  assert.equal(refusal('SELECT ?'), 'athena-positional-parameter')
})

test('a query is written to files as one statement, whatever it ends with', () => {
  const unload = { folder: "s3://bucket/o'hara/", format: 'PARQUET', compression: 'ZSTD' }
  assert.deepEqual(
    unloadStatement(bindStatement('SELECT 1 -- one\nWHERE a = :a -- end', { a: 'x' }), unload),
    {
      sql: "UNLOAD (\nSELECT 1 -- one\nWHERE a = ?\n)\nTO 's3://bucket/o''hara/'\nWITH (format = 'PARQUET', compression = 'ZSTD')",
      values: ["'x'"],
      isSelect: false,
    },
  )
  for (const query of ['SHOW TABLES', 'EXPLAIN SELECT 1'])
    assert.throws(
      () => unloadStatement(bindStatement(query, {}), { ...unload, compression: undefined }),
      (error) => isBulkheadError(error) && error.code === 'athena-not-a-query',
    )
})

test('a colon that touches the value before it is code', () => {
  assert.equal(
    bindStatement("SELECT json_object('a':b, 'c': :p)", { p: 1 }).sql,
    "SELECT json_object('a':b, 'c': ?)",
  )
})
