import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { replaceSqlParameters } from '@bulkhead/connector-sdk'
import { place, placeInQuery, readQuery } from './query-text.ts'

const read = (sql: unknown): string => replaceSqlParameters(readQuery(sql), (name) => `<${name}>`)

describe('readQuery', () => {
  for (const [sql, kept] of [
    ['select 1', 'select 1'],
    ['SELECT 1 ;', 'SELECT 1 '],
    ['select 1; -- done\n ; /* yes */ ', 'select 1'],
    [
      '/* first */ -- second\n ((with x as (select :a) table x))',
      '/* first */ -- second\n ((with x as (select <a>) table x))',
    ],
    ['values (1), (2)', 'values (1), (2)'],
    ['select \';\', $$;$$, "a;b" -- ;', 'select \';\', $$;$$, "a;b"'],
  ] as const)
    it(`accepts ${JSON.stringify(sql)}`, () => {
      assert.equal(read(sql), kept)
    })

  for (const [sql, code] of [
    ['', 'postgres-not-a-query'],
    [' \n', 'postgres-not-a-query'],
    ['-- nothing', 'postgres-not-a-query'],
    [';', 'postgres-not-a-query'],
    [{ select: 1 }, 'postgres-not-a-query'],
    ['select 1; select 2', 'postgres-not-a-query'],
    ['select 1; drop table x;', 'postgres-not-a-query'],
    ['copy x to stdout', 'postgres-not-a-query'],
    ['explain select 1', 'postgres-not-a-query'],
    ['selected', 'postgres-not-a-query'],
    ['"select" 1', 'postgres-not-a-query'],
    ["'select' 1", 'postgres-not-a-query'],
    [':select 1', 'postgres-not-a-query'],
    ['x'.repeat(1_000_001), 'postgres-not-a-query'],
    ['DELETE FROM x', 'postgres-write-refused'],
    ['(insert into x values (1))', 'postgres-write-refused'],
    ['select $1', 'postgres-positional-parameter'],
    ['select 1\0', 'postgres-query-invalid'],
    ["select '\ud800'", 'postgres-query-invalid'],
  ] as const)
    it(`refuses ${JSON.stringify(sql).slice(0, 40)}`, () => {
      assert.throws(() => readQuery(sql), { code, path: 'query' })
    })
})

describe('place', () => {
  it('counts lines of every kind and characters, not halves of them', () => {
    const text = 'a\r\nb\n\r😀x'
    assert.equal(place(text, 0), 'line 1, column 1')
    assert.equal(place(text, text.indexOf('b')), 'line 2, column 1')
    assert.equal(place(text, text.indexOf('x')), 'line 4, column 2')
  })
})

describe('placeInQuery', () => {
  const query = readQuery("select '😀', :first,\n  :second + :first + nope")
  const sent = (name: string): string => (name === 'first' ? '$1' : 'a longer text')
  const where = (what: string): string => {
    const text = replaceSqlParameters(query, sent)
    return placeInQuery(query, sent, Array.from(text.slice(0, text.indexOf(what))).length + 1)
  }
  it('finds the place as the author wrote it, around parameters that were replaced', () => {
    assert.equal(where('select'), 'line 1, column 1')
    assert.equal(where('$1'), 'line 1, column 13')
    assert.equal(where('longer'), 'line 2, column 3')
    assert.equal(where('nope'), 'line 2, column 22')
    assert.equal(placeInQuery(query, sent, 10_000), 'line 2, column 26')
  })
})
