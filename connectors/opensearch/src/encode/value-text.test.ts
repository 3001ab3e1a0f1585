import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dayOf, microsecondsOf } from './date-text.ts'
import { floatOf, wholeNumberOf } from './number-text.ts'

test('takes whole numbers however they are written, and nothing else', () => {
  const numbers: readonly (readonly [string, bigint | undefined])[] = [
    ['0', 0n],
    ['-0', 0n],
    ['9223372036854775808', 9_223_372_036_854_775_808n],
    ['1e3', 1000n],
    ['1.50e1', 15n],
    ['5.00', 5n],
    ['5.5', undefined],
    ['1e-1', undefined],
    ['1e400', undefined],
    ['', undefined],
    ['0x10', undefined],
    [' 1', undefined],
    ['true', undefined],
  ]
  for (const [text, value] of numbers) assert.equal(wholeNumberOf(text), value, text)
})

test('takes a float only when it keeps every digit', () => {
  for (const text of [
    '0.1',
    '1.10',
    '100',
    '1E2',
    '0.30000000000000004',
    '1e22',
    '5e-324',
    '-2.50',
    '0',
    '-0',
    '0e400',
  ])
    assert.equal(floatOf(text), Number(text), text)
  // as other languages write them: Java's smallest, C's 17 digits, all digits that a float has
  for (const text of [
    '4.9E-324',
    '0.10000000000000001',
    '2.2250738585072014E-308',
    '9007199254740992.0',
    '0.1000000000000000055511151231257827021181583404541015625',
    `1${'0'.repeat(22)}`,
  ])
    assert.equal(floatOf(text), Number(text), text)
  for (const text of [
    '12345678901234567890.1',
    '0.1234567890123456789',
    '1e400',
    '1e-400',
    '9007199254740993',
    '1.0000000000000001',
    '0.10000000000000000001',
    `0.1${'0'.repeat(120)}1`,
    '',
    'NaN',
    '0x10',
  ])
    assert.equal(floatOf(text), undefined, text)
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.equal(floatOf(JSON.stringify(value)), JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('takes dates of ISO 8601 to the microsecond', () => {
  const utc = (text: string): bigint => BigInt(Date.parse(text)) * 1000n
  const dates: readonly (readonly [string, bigint | undefined])[] = [
    ['2026', utc('2026-01-01T00:00:00Z')],
    ['2026-10', utc('2026-10-01T00:00:00Z')],
    ['2026-10-31', utc('2026-10-31T00:00:00Z')],
    ['2026-10-31T08', utc('2026-10-31T08:00:00Z')],
    ['2026-10-31T08:15Z', utc('2026-10-31T08:15:00Z')],
    ['2026-10-31T08:15:00.000001Z', utc('2026-10-31T08:15:00Z') + 1n],
    ['2026-10-31T08:15:00.123456000-0130', utc('2026-10-31T09:45:00Z') + 123_456n],
    ['-0001-12-31', BigInt(Date.parse('-000001-12-31')) * 1000n],
    ['2026-10-31T08:15:00.0000001Z', undefined],
    ['2026-02-30', undefined],
    ['2026-10-31T25:00', undefined],
    ['2026-10-31 08:15', undefined],
    ['31/10/2026', undefined],
    ['', undefined],
  ]
  for (const [text, micros] of dates) assert.equal(microsecondsOf(text), micros, text)
  assert.equal(dayOf('1970-01-02'), 1)
  assert.equal(dayOf('1969-12-31'), -1)
  assert.equal(dayOf('1970-01-02T00:00'), undefined)
})
