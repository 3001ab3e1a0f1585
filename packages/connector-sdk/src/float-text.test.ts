import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { float32Text, float64Text, floatJson } from './float-text.ts'

test('writes a float64 with an exponent only below 1e-4 and from 1e15', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [-12.5, '-12.5'],
    [-0.00012345, '-0.00012345'],
    [123.0625, '123.0625'],
    [0.1, '0.1'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [123456789012345, '123456789012345'],
    [999999999999999.9, '999999999999999.9'],
    [1e15, '1e+15'],
    [1234567890123456, '1.234567890123456e+15'],
    [1e20, '1e+20'],
    [-1.5e300, '-1.5e+300'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
  ]
  for (const [value, text] of cases) assert.equal(float64Text(value), text)
})

test('takes more digits of a float64 where a shorter decimal lies exactly between two numbers', () => {
  assert.equal(float64Text(1e23), '9.999999999999999e+22')
  assert.equal(float64Text(-1e23), '-9.999999999999999e+22')
  assert.equal(float64Text(-2.545954739847317e16), '-2.5459547398473168e+16')
})

test('writes a float32 with the shortest digits, and an exponent only below 1e-4 and from 1e6', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [-0, '-0'],
    [0.1, '0.1'],
    [16777216, '1.6777216e+07'],
    [999999, '999999'],
    [1000000, '1e+06'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [3.14159274, '3.1415927'],
    [1.17549435e-38, '1.1754944e-38'],
    [1e-45, '1e-45'],
    [3.4028235e38, '3.4028235e+38'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ]
  for (const [value, text] of cases) assert.equal(float32Text(Math.fround(value)), text)
})

test('texts read back as the same number', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      assert.ok(Object.is(Number(float64Text(value)), value))
    }),
  )
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      assert.ok(Object.is(Math.fround(Number(float32Text(value))), value))
    }),
  )
})

test('writes a float as a value of JSON, in quotes where JSON has no number', () => {
  assert.equal(floatJson(-2.545954739847317e16, 64), '-2.5459547398473168e+16')
  assert.equal(floatJson(Math.fround(0.1), 32), '0.1')
  assert.equal(floatJson(-0, 32), '-0')
  assert.equal(floatJson(Number.NaN, 32), '"NaN"')
  assert.equal(floatJson(-Infinity, 64), '"-Infinity"')
})
