import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareRows, compareText } from './compare.ts'

test('the same rows differ in nothing, whatever the order of their columns', () => {
  assert.deepEqual(compareRows([{ a: 1, b: [1, { c: null }] }], [{ b: [1, { c: null }], a: 1 }]), [])
})

test('a difference names row, column and both values', () => {
  assert.deepEqual(compareRows([{ a: 1 }, { a: 2, b: null }], [{ a: 1 }, { a: '2', c: 3 }]), [
    'row 2, a: expected 2, got "2"',
    'row 2, b: expected null, got no such column',
    'row 2, c: expected no such column, got 3',
  ])
})

test('rows that are missing or too many are counted, and the first is shown', () => {
  assert.deepEqual(compareRows([{ a: 1 }, { a: 2 }, { a: 3 }], [{ a: 1 }]), [
    '2 rows missing, the first: {"a":2}',
  ])
  assert.deepEqual(compareRows([], [{ a: 1 }]), ['1 row too many, the first: {"a":1}'])
})

test('many differences are not listed for ever', () => {
  const differences = compareRows(
    Array.from({ length: 100 }, (_, a) => ({ a })),
    Array.from({ length: 100 }, () => ({ a: -1 })),
  )
  assert.equal(differences.length, 11)
  assert.equal(differences.at(-1), 'and 90 differences more')
})

test('text is compared line by line, with what cannot be seen made visible', () => {
  assert.deepEqual(compareText('a\nb\n', 'a\nb\n'), [])
  assert.deepEqual(compareText('a\nb\n', 'a\r\nb'), [
    'line 1: expected "a", got "a\\r"',
    'line 3: expected "", got the end of the file',
  ])
})
