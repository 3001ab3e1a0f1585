import assert from 'node:assert/strict'
import { test } from 'node:test'
import { valueReader } from './read-value.ts'

const options = {
  decimalSeparator: '.',
  groupSeparator: '',
  pattern: undefined,
  trueTexts: [],
  falseTexts: [],
} as const

test('a float is no number that is too large for it, or so small that nothing would be left', () => {
  const reader = valueReader({ kind: 'float', bits: 64 }, options)
  assert.ok(typeof reader !== 'string')
  for (const text of [
    '1e400',
    '-1e400',
    '1e-400',
    '-0.1e-399',
    `0.${'0'.repeat(400)}1`,
    'NaN',
    'Infinity',
    '',
  ])
    assert.equal(reader.read(text), undefined, text)
  for (const text of ['0', '-0', '0e400', '0.000', '5e-324', '1.5'])
    assert.equal(reader.read(text), Number(text), text)
})
