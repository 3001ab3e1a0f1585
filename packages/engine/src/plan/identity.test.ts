import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { requestDigest } from './identity.ts'

test('is SHA-256 in hexadecimal, the same for ever', () => {
  assert.equal(
    requestDigest('billing', '/billing/portal', 'req-4711'),
    'e10114db8fcac5c813db204a488cfafb761d70d18ec331f8e3108bb4374ca4af',
  )
})

test('no two requests share a digest', () => {
  const request = fc.tuple(fc.string(), fc.string(), fc.string())
  fc.assert(
    fc.property(request, request, (a, b) => {
      fc.pre(JSON.stringify(a) !== JSON.stringify(b))
      assert.notEqual(requestDigest(...a), requestDigest(...b))
    }),
  )
  assert.notEqual(requestDigest('a', 'bc', 'd'), requestDigest('a', 'b', 'cd'))
})
