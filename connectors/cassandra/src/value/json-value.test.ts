import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonText } from './json-value.ts'

test('writes floats inside of collections as floats of columns are written', () => {
  const doubles = [-2.545954739847317e16, 1e15, 0.00001, 0.1, -0, Number.NaN]
  assert.equal(
    jsonText({ kind: 'list', of: { kind: 'double' } }, doubles, 'c'),
    '[-2.5459547398473168e+16,1e+15,1e-05,0.1,-0,"NaN"]',
  )
  const floats = [0.1, 16_777_216, -Infinity].map(Math.fround)
  assert.equal(
    jsonText({ kind: 'list', of: { kind: 'float' } }, floats, 'c'),
    '[0.1,1.6777216e+07,"-Infinity"]',
  )
})
