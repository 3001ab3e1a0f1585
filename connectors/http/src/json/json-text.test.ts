import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkBody, jsonText } from './json-text.ts'

test('a body keeps the digits of whole numbers of any size', () => {
  const body = { id: 9007199254740993n, list: [-(10n ** 30n), 2 ** 53 - 1, 0.5] }
  checkBody(body)
  assert.equal(
    jsonText(body),
    '{"id":9007199254740993,"list":[-1000000000000000000000000000000,9007199254740991,0.5]}',
  )
})

test('a value that has lost digits where it was read, or that JSON has not, is refused at its place', () => {
  // oxlint-disable-next-line no-loss-of-precision -- that is what happens to it in a manifest
  for (const value of [9007199254740993, -(2 ** 53), 1e300, Number.NaN, -Infinity, Uint8Array.of(1)])
    assert.throws(() => checkBody({ list: [1, { deep: value }] }), {
      code: 'http-query-invalid',
      path: 'query.body.list.1.deep',
    })
})
