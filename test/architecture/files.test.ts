import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkFiles } from './check-files.ts'
import { checkPlaces } from './check-places.ts'
import { root } from './checkout.ts'

test('files are named in kebab-case after the one thing inside, and are short', () => {
  assert.deepEqual(checkFiles(root), [])
})

test('no file names a registry, or a folder of the machine that it was written on', () => {
  assert.deepEqual(checkPlaces(root), [])
})
