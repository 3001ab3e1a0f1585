import assert from 'node:assert/strict'
import { test } from 'node:test'
import { didYouMean, listNames, nearestName } from './suggest.ts'

const fields = ['output', 'deliver', 'parameters', 'queryFile', 'urlExpiresIn']

test('finds the name that was mistyped', () => {
  assert.equal(nearestName('ouptut', fields), 'output')
  assert.equal(nearestName('Output', fields), 'output')
  assert.equal(nearestName('query_file', fields), 'queryFile')
  assert.equal(nearestName('urlExpires', fields), 'urlExpiresIn')
  assert.equal(nearestName('param', fields), undefined)
})

test('suggests nothing when nothing is near', () => {
  assert.equal(nearestName('zebra', fields), undefined)
  assert.equal(nearestName('x'.repeat(10_000), fields), undefined)
  assert.equal(didYouMean('zebra', fields), '')
})

test('lists no more names than a message can hold', () => {
  assert.equal(listNames([]), 'none')
  assert.equal(listNames(['a', 'b', 'c'], 2), 'a, b and 1 more')
})
