import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPackages } from './check-packages.ts'
import { root } from './checkout.ts'

test('every package says what it is, exports what is there, and a connector brings what it must', () => {
  assert.deepEqual(checkPackages(root), [])
})
