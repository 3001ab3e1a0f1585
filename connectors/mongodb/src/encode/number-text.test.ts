import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { ByteBuffer } from './byte-buffer.ts'
import { doubleText, plainDoubleText } from './number-text.ts'

const doubles = fc.oneof(
  fc.double(),
  fc.integer().map((value) => value / 100),
  fc.maxSafeInteger(),
)

it('writes doubles with the digits of JavaScript, and sees that they are no integers', () => {
  fc.assert(
    fc.property(doubles, (value) => {
      const text = doubleText(value)
      assert.ok(Object.is(Number(text), value), text)
      const known = Object.is(value, -0) ? '-0' : String(value)
      assert.equal(text.replace(/\.0$/, ''), known)
      assert.ok(!Number.isFinite(value) || /[.e]/.test(text), text)
    }),
  )
})

it('writes doubles of columns as PostgreSQL does', () => {
  const samples: readonly (readonly [number, string])[] = [
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [0.1, '0.1'],
    [-1.5, '-1.5'],
    [1e14, '100000000000000'],
    [1e15, '1e+15'],
    [123456789012345.6, '123456789012345.6'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [1e300, '1e+300'],
    [Number.MIN_VALUE, '5e-324'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ]
  for (const [value, text] of samples) assert.equal(plainDoubleText(value), text)
  fc.assert(fc.property(doubles, (value) => Object.is(Number(plainDoubleText(value)), value)))
})

it('writes whole numbers without a digit more or less', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1000, max: 1000 })), (value) => {
      const out = new ByteBuffer(1)
      out.integer(value)
      assert.equal(Buffer.from(out.take()).toString(), Object.is(value, -0) ? '0' : String(value))
    }),
  )
})
