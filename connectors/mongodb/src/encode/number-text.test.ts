import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { ByteBuffer } from './byte-buffer.ts'
import { doubleText } from './number-text.ts'

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

it('writes whole numbers without a digit more or less', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1000, max: 1000 })), (value) => {
      const out = new ByteBuffer(1)
      out.integer(value)
      assert.equal(Buffer.from(out.take()).toString(), Object.is(value, -0) ? '0' : String(value))
    }),
  )
})
