import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePattern, patternFault } from './pattern.ts'

test('takes the patterns that people write', () => {
  for (const pattern of [
    '\\d{4}-\\d{2}',
    '[A-Z]{2}\\d+',
    '(foo|bar)+',
    '[^@]+@[^@]+\\.[a-z]{2,}',
    '(?:[a-z0-9]{1,8}-){0,3}[a-z0-9]+',
    '(\\d{3}\\.){3}\\d{3}',
    '\\p{L}+( \\p{L}{1,40})?',
    '(a|b)c*',
    '(?:[ -]?\\d){6,15}',
    '(\\d{1,3}\\.){3}\\d{1,3}',
    '([A-Z]{2}\\d{2}?)+',
    '[(*+]+x',
  ])
    assert.equal(patternFault(pattern), undefined, pattern)
})

test('refuses patterns that explode', () => {
  for (const pattern of [
    '(a+)+',
    '(a*)*b',
    '((x+y)*z)+',
    '(a|a)*',
    '(a|ab)+',
    '(\\d|\\w)*',
    '([a-z]+){5}',
    '(?:a{1,}){2,}',
    '(a?){30}a{30}',
    '(?:a{1,5}){1,20}b',
    '([a-z]{1,63}\\.?){1,10}',
    '(a{1,3},?)+',
    '(aa?)*b',
    '((?:a{1,9}){2,3}){2,9}',
  ])
    assert.match(patternFault(pattern) ?? '', /for ever/, pattern)
})

test('refuses what is no regular expression', () => {
  for (const pattern of ['(', '[', 'a{2,1}', '\\'])
    assert.equal(patternFault(pattern), 'is not a regular expression', pattern)
})

test('matches the whole text', () => {
  assert.ok(compilePattern('a|bc').test('bc'))
  assert.ok(!compilePattern('a|bc').test('abc'))
  assert.ok(!compilePattern('\\d+').test('12\n'))
})
