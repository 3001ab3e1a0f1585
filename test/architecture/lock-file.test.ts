import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkLockFile } from './check-lock-file.ts'
import { root } from './checkout.ts'

test('the lock file is of every platform and of no registry', () => {
  assert.deepEqual(checkLockFile(root), [])
})
