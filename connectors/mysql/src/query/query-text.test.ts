import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseQuery, readQuery } from './query-text.ts'

const names = (sql: string): readonly string[] => parseQuery(sql).names
const refusal = (query: unknown): string => {
  try {
    readQuery(query)
    return 'none'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('parameters are found', () => {
  const found: readonly [sql: string, names: readonly string[]][] = [
    ['SELECT :a, :b_1, :é, :a', ['a', 'b_1', 'é']],
    ['SELECT 1 FROM t WHERE a=:a AND b IN(:b)', ['a', 'b']],
    ['SELECT @x := 1, @y:=:a, a::b', ['a']],
    [`SELECT ':a', ":b", \`:c\`, :d`, ['d']],
    [`SELECT 'it\\'s :a', "say \\":b\\"", 'it''s :c', :d`, ['d']],
    ['SELECT `a\\`, :b, `:c`', ['b']],
    ['SELECT `a``:b`, :c', ['c']],
    ['SELECT :a -- :b\n, :c # :d\n, :e /* :f */, :g', ['a', 'c', 'e', 'g']],
    ['SELECT 5--:a', ['a']],
    ['SELECT 5--\u00a0:a', ['a']],
    ['SELECT 5--\t:a\n, :b', ['b']],
    ['SELECT /* /* */ :a /* */', ['a']],
    ["SELECT 'never ends :a", []],
    ['SELECT 1 /* never ends :a', []],
    [`SELECT x'00', _utf8'a:b', N':c', b'1', :d`, ['d']],
    [`SELECT doc->'$.a:b', doc->>"$.c:d", :e`, ['e']],
  ]
  for (const [sql, expected] of found) it(sql, () => assert.deepEqual(names(sql), expected))

  it('and their texts joined are the query', () => {
    for (const [sql] of found)
      assert.equal(
        parseQuery(sql)
          .pieces.map(({ text }) => text)
          .join(''),
        sql,
      )
  })
  it('in time that grows with the length alone', () => {
    const started = performance.now()
    parseQuery(`SELECT ${"'a\\'b' -- c\n :d /* e */ ".repeat(40_000)}`)
    parseQuery(`${'-'.repeat(500_000)}'${'\\'.repeat(400_000)}`)
    readQuery(`SELECT ${'1'.repeat(300_000)} ${' '.repeat(300_000)} t . INTO`)
    assert.ok(performance.now() - started < 2000)
  })
})

describe('queries are refused', () => {
  const refused: readonly [query: unknown, code: string][] = [
    [42, 'mysql-not-a-query'],
    ['', 'mysql-not-a-query'],
    ['SELECT \0', 'mysql-not-a-query'],
    ['SELECT \ud800', 'mysql-not-a-query'],
    ['DELETE FROM t', 'mysql-not-a-query'],
    ['SET @a = 1', 'mysql-not-a-query'],
    ['CALL p()', 'mysql-not-a-query'],
    ['SELECTED', 'mysql-not-a-query'],
    ['/* SELECT */ DROP TABLE t', 'mysql-not-a-query'],
    ["'SELECT' DROP", 'mysql-not-a-query'],
    ['SELECT 1; DROP TABLE t', 'mysql-not-a-query'],
    ['SELECT 1;;', 'mysql-not-a-query'],
    ['SELECT 1 /*! INTO OUTFILE "x" */', 'mysql-not-a-query'],
    ['SELECT 1 /*M!100100 , 2 */', 'mysql-not-a-query'],
    ['SELECT ?', 'mysql-positional-parameter'],
    ['SELECT * INTO OUTFILE "x" FROM t', 'mysql-write-refused'],
    ["SELECT * FROM t into/**/dumpfile 'x'", 'mysql-write-refused'],
    ['SELECT 1 INTO @x', 'mysql-write-refused'],
    ['(SELECT 1)INTO @x', 'mysql-write-refused'],
    ['SELECT 1e5INTO @x', 'mysql-write-refused'],
    ['SELECT -1E+5INTO @x', 'mysql-write-refused'],
    ['SELECT 1.INTO @x', 'mysql-write-refused'],
    ['SELECT 1. INTO OUTFILE "x"', 'mysql-write-refused'],
    ['SELECT 1./**/INTO OUTFILE "x"', 'mysql-write-refused'],
    ['SELECT (1).5INTO @x', 'mysql-write-refused'],
    ['SELECT 1.e1INTO @x', 'mysql-write-refused'],
    ['SELECT \\NINTO @x', 'mysql-write-refused'],
    ['SELECT 1 --\u00a0 INTO @x FROM t', 'mysql-write-refused'],
    ['SELECT 1 --\u0085 ; DROP TABLE t', 'mysql-not-a-query'],
    ['SELECT 1INTO @x', 'none'], // a name: the server takes `1INTO` for one, too
  ]
  for (const [query, code] of refused) it(JSON.stringify(query), () => assert.equal(refusal(query), code))
})

describe('queries are taken', () => {
  const taken = [
    'SELECT 1',
    ' \n(select 1) union (select 2)',
    'WITH x AS (SELECT 1) SELECT * FROM x',
    'VALUES (1), (2)',
    'TABLE t',
    'SELECT 1 ; ',
    'SELECT 1; -- done',
    '-- first\nSELECT 1',
    'SELECT \'?\', `into`, t.into, "; INTO" FROM t',
    'SELECT /*+ MAX_EXECUTION_TIME(1000) */ 1',
    'SELECT @into, into_x, x_into, éinto, intoé, 1into FROM t',
    'SELECT t1.into, t. into, x.1e5into, a1.e1into FROM t1 t',
    'SELECT 1 --\tinto',
  ]
  for (const query of taken) it(JSON.stringify(query), () => assert.equal(refusal(query), 'none'))

  it('without the semicolon at the end, and nothing else', () => {
    const text = (query: string): string =>
      readQuery(query)
        .pieces.map((piece) => piece.text)
        .join('')
    assert.equal(text('SELECT 1; -- done'), 'SELECT 1 -- done')
    assert.equal(text("SELECT ';'"), "SELECT ';'")
  })
})
