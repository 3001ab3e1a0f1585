import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choicesOfBraces, compileGlob, compileNameGlob } from './glob.ts'

const cases: readonly [pattern: string, yes: readonly string[], no: readonly string[]][] = [
  ['a/*.csv', ['a/.csv', 'a/b.csv', 'a/ü.csv'], ['a/b/c.csv', 'b.csv', 'a/b.csv.gz', 'a/']],
  ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['a/xb', 'ab', 'a/x/yb', 'a/b/c']],
  ['**/b', ['b', 'x/b', 'x/y/b'], ['xb', 'x/yb']],
  ['a/**', ['a/', 'a/b', 'a/b/c'], ['a', 'b/a/c']],
  ['a**b', ['ab', 'axb', 'a/x/b'], ['a/x', 'ba']],
  ['??.csv', ['ab.csv', '😀é.csv'], ['a.csv', 'a/.csv', 'abc.csv']],
  ['a[1-2]{b,c}.(d|e)+^$\\', ['a[1-2]{b,c}.(d|e)+^$\\'], ['a1b.d']],
  ['**/a*b/c**d', ['ab/cd', 'a/ab/c/d', 'ab/x/axb/c/x/d'], ['a/b/cd', 'xab/cd']],
  ['**a*b/c', ['xa/ab/c', 'aab/c', 'a/axb/c'], ['ab/x/c', 'a/b/c']],
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

test('answers soon where others hang', () => {
  const patterns = [
    '*a'.repeat(500) + 'b',
    '*a'.repeat(400) + '**/*b',
    '**a'.repeat(300) + 'b',
    `**/${'*a'.repeat(400)}b`,
    `**a*${'a'.repeat(500)}b`,
    '**/*/'.repeat(160) + 'b',
  ]
  const keys = ['a'.repeat(1000), 'a/'.repeat(500), 'aaaaaaaaa/'.repeat(100)]
  for (const pattern of patterns) {
    const glob = compileGlob(pattern)
    glob.matches('a')
    const start = performance.now()
    for (const key of keys) assert.ok(!glob.matches(key))
    assert.ok(performance.now() - start < 100, `${pattern.slice(0, 20)} took ${performance.now() - start} ms`)
  }
})

test('agrees with a slow matcher on every short key', () => {
  const pieces = ['a', '/', '?', '*', '**', '/**/']
  const keys = all(['a', 'b', '/'], 5).map((parts) => parts.join(''))
  for (const parts of all(pieces, 4)) {
    const pattern = parts.join('').replace(/\*{3,}/g, '**')
    const glob = compileGlob(pattern)
    const source = pattern.replaceAll(/(?<=^|\/)\*\*\/|\*\*|[*?]/g, (text) => slow[text] ?? text)
    const expression = new RegExp(`^${source}$`)
    for (const key of keys)
      assert.equal(glob.matches(key), expression.test(key), `${pattern} over ${JSON.stringify(key)}`)
  }
})

const slow: Readonly<Record<string, string>> = {
  '**/': '(?:.*/)?',
  '**': '.*',
  '*': '[^/]*',
  '?': '[^/]',
}

function all(pieces: readonly string[], most: number): string[][] {
  let last: string[][] = [[]]
  const found = [...last]
  for (let length = 1; length <= most; length++) {
    last = last.flatMap((text) => pieces.map((piece) => [...text, piece]))
    found.push(...last)
  }
  return found
}

test('matches names by classes, and hidden ones only by a dot', () => {
  assert.equal(compileNameGlob('\\*.csv').name, '*.csv')
  const glob = compileNameGlob('*[a-c][!0-9].csv')
  for (const name of ['ax.csv', 'xxcé.csv']) assert.ok(glob.matches(name), name)
  for (const name of ['.ax.csv', 'dx.csv', 'a1.csv', 'x/ax.csv']) assert.ok(!glob.matches(name), name)
  assert.ok(compileNameGlob('.*').matches('.hidden'))
})

test('chooses of braces, a bounded number of times', () => {
  assert.deepEqual(choicesOfBraces('a{b,{c,d}}{e}'), ['ab{e}', 'ac{e}', 'ad{e}'])
  assert.equal(choicesOfBraces('{a,b}'.repeat(8))?.length, 256)
  assert.equal(choicesOfBraces('{a,b}'.repeat(9)), undefined)
  assert.equal(choicesOfBraces(`{${','.repeat(5000)}}`), undefined)
})
