import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizeInBytes } from './size.ts'

test('reads sizes, binary and decimal', () => {
  for (const [text, bytes] of [
    ['256KiB', 262_144],
    ['8 MiB', 8 * 2 ** 20],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['999999TiB', 999_999 * 2 ** 40],
    ['0KiB', 0],
    ['512MB', 512e6],
    ['100', 100],
    ['1.5', 1],
  ] as const)
    assert.equal(sizeInBytes(text), bytes, text)
})

test('is no number for what is no size', () => {
  for (const text of ['', 'MiB', '-1MiB', '1XB', '1mib', '1e3', '1MiB ', '1constructor', '1__proto__'])
    assert.equal(sizeInBytes(text), Number.NaN, text)
})
