import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mergeOverlay } from './merge-overlay.ts'

test('objects merge, all else replaces, null removes', () => {
  assert.deepEqual(
    mergeOverlay({ a: { b: 1, c: [1, 2], d: 2 }, e: 'x' }, { a: { b: 2, c: [3], d: null }, f: true }),
    { a: { b: 2, c: [3] }, e: 'x', f: true },
  )
})

test('references are values: they replace, and are replaced, as a whole', () => {
  assert.deepEqual(mergeOverlay({ a: { secret: 'x' } }, { a: { env: 'Y' } }), { a: { env: 'Y' } })
  assert.deepEqual(mergeOverlay({ a: { secret: 'x' } }, { a: { b: 1 } }), { a: { b: 1 } })
  assert.deepEqual(mergeOverlay({ a: { b: 1 } }, { a: { secret: 'x' } }), { a: { secret: 'x' } })
})

const value = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.integer(),
    fc.array(fc.integer()),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('node'), { noNullPrototype: true }),
  ),
})).node

test('an empty overlay changes nothing, and the same overlay twice changes nothing more', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { noNullPrototype: true }),
      value,
      (base, overlay) => {
        assert.deepEqual(mergeOverlay(base, {}), base)
        const once = mergeOverlay(base, overlay)
        assert.deepEqual(mergeOverlay(once, overlay), once)
      },
    ),
  )
})
