import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDate, parseMoment } from './moment.ts'
import { epochMicros, fitsDecimal, plainDecimal, wholeNumber } from './number-text.ts'

test('writes decimals out without a double in between', () => {
  const cases: [string, string | undefined][] = [
    ['1.50', '1.50'],
    ['-0.00', '-0.00'],
    ['12e2', '1200'],
    ['1.25E+1', '12.5'],
    ['1.25e1', '12.5'],
    ['125e-4', '0.0125'],
    ['-1.5e-2', '-0.015'],
    ['0e10', '0'],
    ['0.001e2', '0.1'],
    ['1e2000', undefined],
    ['abc', undefined],
    ['1,5', undefined],
    ['', undefined],
  ]
  for (const [text, expected] of cases) assert.equal(plainDecimal(text), expected, text)
})

test('means the same number as before, for any number', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e100, max: 1e100 }), (value) => {
      assert.equal(Number(plainDecimal(JSON.stringify(value))), value === 0 ? 0 : value)
    }),
  )
})

test('takes whole numbers of any size and writing, and nothing that is not whole', () => {
  assert.equal(wholeNumber('9007199254740993'), 9007199254740993n)
  assert.equal(wholeNumber('-12e3'), -12000n)
  assert.equal(wholeNumber('2.000'), 2n)
  assert.equal(wholeNumber('2.5'), undefined)
  assert.equal(wholeNumber('25e-1'), undefined)
  assert.equal(wholeNumber('0x10'), undefined)
})

test('holds decimals against precision and scale', () => {
  assert.ok(fitsDecimal('999.99', 5, 2) && fitsDecimal('1.500', 5, 2) && fitsDecimal('0.05', 2, 2))
  assert.ok(!fitsDecimal('1000', 5, 2) && !fitsDecimal('0.001', 5, 2) && !fitsDecimal('1', 2, 2))
})

test('reads moments exactly, or not at all', () => {
  assert.equal(parseMoment('1970-01-01T00:00:00.000001Z', true), 1n)
  assert.equal(parseMoment('1970-01-01T02:00:00+02:00', true), 0n)
  assert.equal(parseMoment('1970-01-01 00:00', false), 0n)
  assert.equal(parseMoment('1970-01-01T00:00:00.0000010', false), 1n)
  for (const wrong of [
    '1970-01-01T00:00:00',
    '1970-13-01T00:00:00Z',
    '1970-02-30T00:00:00Z',
    '1970-01-01T25:00:00Z',
    '1970-01-01T00:60:00Z',
    '1970-01-01T24:00:01Z',
    '1970-01-01T00:00:00.0000001Z',
    '1970-01-01T00:00:00+99:00',
    '70-01-01T00:00:00Z',
    '0000-01-01T00:00:00Z',
    'today',
  ])
    assert.equal(parseMoment(wrong, true), undefined, wrong)
  assert.equal(parseMoment('1970-01-01T00:00:00Z', false), undefined)
  assert.equal(parseDate('2023-02-29'), undefined)
  assert.equal(parseDate('1970-01-02'), 1)
})

test('reads numbers since 1970 exactly', () => {
  assert.equal(epochMicros('1793427300.000001', 1_000_000n), 1793427300000001n)
  assert.equal(epochMicros('-1.5', 1000n), -1500n)
  assert.equal(epochMicros('0.0000001', 1_000_000n), undefined)
})
