import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileGlob } from './glob.ts'

const cases: readonly [pattern: string, yes: readonly string[], no: readonly string[]][] = [
  ['a/*.csv', ['a/.csv', 'a/b.csv', 'a/ü.csv'], ['a/b/c.csv', 'b.csv', 'a/b.csv.gz', 'a/']],
  ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['a/xb', 'ab', 'a/x/yb', 'a/b/c']],
  ['**/b', ['b', 'x/b', 'x/y/b'], ['xb', 'x/yb']],
  ['a/**', ['a/', 'a/b', 'a/b/c'], ['a', 'b/a/c']],
  ['a**b', ['ab', 'axb', 'a/x/b'], ['a/x', 'ba']],
  ['??.csv', ['ab.csv', '😀é.csv'], ['a.csv', 'a/.csv', 'abc.csv']],
  ['a[1-2]{b,c}.(d|e)+^$\\', ['a[1-2]{b,c}.(d|e)+^$\\'], ['a1b.d']],
  ['**/*/**', ['a/b', 'a/', 'a/b/c/'], ['a']],
]

for (const [pattern, yes, no] of cases) {
  test(`matches by ${pattern}`, () => {
    const glob = compileGlob(pattern)
    for (const key of yes) assert.ok(glob.matches(key), `${key} matches`)
    for (const key of no) assert.ok(!glob.matches(key), `${key} does not match`)
    for (const key of yes) assert.ok(key.startsWith(glob.beginning))
  })
}

test('takes linear time for what makes others hang', () => {
  const glob = compileGlob('*a'.repeat(400) + '**/*b')
  const start = performance.now()
  assert.ok(!glob.matches('a'.repeat(1000)))
  assert.ok(performance.now() - start < 1500)
})
