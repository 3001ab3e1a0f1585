import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PathMatcher } from './path-matcher.ts'

function match(paths: readonly string[], document: string, isComplete = false) {
  const matcher = new PathMatcher(paths, isComplete)
  const bytes = Buffer.from(document)
  const obstacle = matcher.match(bytes, 0, bytes.length)
  const values = paths.map((_, place) => bytes.toString('utf8', matcher.starts[place], matcher.ends[place]))
  return { obstacle, values }
}

test('finds values wherever they stand, also below objects', () => {
  const { values, obstacle } = match(
    ['c.d', 'a', 'c', 'x', 'c.e.f'],
    '{ "z": [1], "a" : 1.10, "c": {"d":"x","e":{"f":null}} }',
  )
  assert.deepEqual(values, ['"x"', '1.10', '{"d":"x","e":{"f":null}}', '', 'null'])
  assert.equal(obstacle, undefined)
})

test('finds paths that are written with dots, and keys with escapes or beyond ASCII', () => {
  assert.deepEqual(match(['a.b', 'é', 'q"'], '{"a.b":1,"\\u00e9":2,"q\\"":3}').values, ['1', '2', '3'])
  assert.deepEqual(match(['a.b.c'], '{"a":{"b.c":1}}').values, ['1'])
  assert.deepEqual(match(['a.b.c'], '{"a.b":{"c":1}}').values, ['1'])
})

test('does not take a scalar for an object, nor a name of the prototype for a field', () => {
  assert.deepEqual(match(['a.b', 'constructor', '__proto__'], '{"a":1,"__proto__":2}').values, ['', '', '2'])
})

const obstacles: readonly (readonly [string, readonly string[], string, boolean, string, string])[] = [
  ['a list above a column', ['a.b'], '{"a":[{"b":1}]}', false, 'list-on-the-way', 'a'],
  ['a value that is given twice', ['a.b'], '{"a":{"b":1},"a.b":2}', false, 'given-twice', 'a.b'],
  ['a field that is no column', ['a'], '{"a":1,"b":2}', true, 'unknown-field', 'b'],
  ['a part of a column in dots', ['a'], '{"a.b":1}', true, 'unknown-field', 'a.b'],
]
for (const [title, paths, document, isComplete, kind, path] of obstacles)
  test(`tells ${title}`, () => assert.deepEqual(match(paths, document, isComplete).obstacle, { kind, path }))

test('lets fields be that nobody asked for, unless all were', () => {
  assert.equal(match(['a'], '{"a":1,"b":2,"c.d":{"x":1}}').obstacle, undefined)
  assert.equal(match(['a'], '{"a":{"b":2}}', true).obstacle, undefined)
})
