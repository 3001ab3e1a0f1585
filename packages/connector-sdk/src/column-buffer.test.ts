import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isValid } from './batch.ts'
import { columnBuffer } from './column-buffer.ts'
import { Validity } from './validity.ts'

test('tells which rows have a value, batch after batch, whatever the order of nulls', () => {
  const validity = new Validity()
  const rows = fc.array(fc.boolean(), { maxLength: 3000 })
  fc.assert(
    fc.property(rows, (values) => {
      validity.reset()
      for (const [row, hasValue] of values.entries()) if (!hasValue) validity.setNull(row)
      const bits = validity.build(values.length)
      assert.equal(bits === undefined, values.every(Boolean))
      const column = { layout: 'fixed', values: new Uint8Array(0), validity: bits } as const
      for (const [row, hasValue] of values.entries()) assert.equal(isValid(column, row), hasValue)
    }),
  )
})

test('keeps numbers, bytes and nulls of more rows than it began with, and again in the next batch', () => {
  const numbers = columnBuffer({ kind: 'integer', bits: 64 })
  const texts = columnBuffer({ kind: 'text' })
  const bytes = Buffer.from('-some text that is longer than a loop copies-')
  for (let batch = 0; batch < 2; batch++) {
    for (let row = 0; row < 1000; row++) {
      if (row % 7 === 3) {
        numbers.addNull(row)
        texts.addNull(row)
      } else {
        numbers.addFixed(row, BigInt(row))
        texts.addBytes(row, bytes, 1, 1 + (row % 40))
      }
    }
    const number = numbers.build(1000)
    const text = texts.build(1000)
    assert.ok(number.layout === 'fixed' && text.layout === 'variable')
    for (let row = 0; row < 1000; row++) {
      assert.equal(isValid(number, row), row % 7 !== 3)
      assert.equal(isValid(text, row), row % 7 !== 3)
      const part = text.bytes.subarray(text.offsets[row], text.offsets[row + 1])
      if (row % 7 === 3) assert.equal(part.length, 0)
      else {
        assert.equal(number.values[row], BigInt(row))
        assert.deepEqual(Buffer.from(part), bytes.subarray(1, 1 + (row % 40)))
      }
    }
    numbers.reset()
    texts.reset()
  }
})
