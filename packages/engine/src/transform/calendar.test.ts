import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  INFINITE_DATE,
  INFINITE_TIMESTAMP,
  MINUS_INFINITE_DATE,
  MINUS_INFINITE_TIMESTAMP,
} from '@bulkhead/connector-sdk'
import { dateText, parseDate, parseTimestamp, timestampText } from './calendar.ts'

test('writes dates on either side of our era', () => {
  const cases: [number, string][] = [
    [0, '1970-01-01'],
    [-1, '1969-12-31'],
    [20_757, '2026-10-31'],
    [11_016, '2000-02-29'],
    [-719_162, '0001-01-01'],
    [-719_163, '0001-12-31 BC'],
    [-719_528, '0001-01-01 BC'],
    [-719_529, '0002-12-31 BC'],
    [2_932_897, '10000-01-01'],
    [INFINITE_DATE, 'infinity'],
    [MINUS_INFINITE_DATE, '-infinity'],
  ]
  for (const [days, text] of cases) {
    assert.equal(dateText(days), text)
    assert.equal(parseDate(text), days)
  }
})

test('writes timestamps without trailing zeros of the fraction', () => {
  const cases: [bigint, string][] = [
    [0n, '1970-01-01 00:00:00'],
    [-1n, '1969-12-31 23:59:59.999999'],
    [250_000n, '1970-01-01 00:00:00.25'],
    [1_793_434_500_000_001n, '2026-10-31 08:15:00.000001'],
    [-62_135_596_800_000_001n, '0001-12-31 23:59:59.999999 BC'],
    [INFINITE_TIMESTAMP, 'infinity'],
    [MINUS_INFINITE_TIMESTAMP, '-infinity'],
  ]
  for (const [micros, text] of cases) {
    assert.equal(timestampText(micros, false), text)
    assert.equal(parseTimestamp(text, false), micros)
  }
  assert.equal(timestampText(250_000n, true), '1970-01-01 00:00:00.25+00')
})

test('agrees with the calendar of JavaScript wherever that has one', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
      (date) => {
        const iso = date.toISOString()
        const text = timestampText(BigInt(date.getTime()) * 1000n, false)
        assert.equal(text, iso.replace('T', ' ').replace(/\.?0*Z$/, ''))
        assert.equal(dateText(Math.floor(date.getTime() / 86_400_000)), iso.slice(0, 10))
      },
    ),
  )
})

test('reads back any date and timestamp that it writes', () => {
  fc.assert(
    fc.property(fc.integer({ min: -2_147_483_647, max: 2_147_483_646 }), (days) => {
      assert.equal(parseDate(dateText(days)), days)
    }),
  )
  fc.assert(
    fc.property(
      fc.bigInt({ min: MINUS_INFINITE_TIMESTAMP + 1n, max: INFINITE_TIMESTAMP - 1n }),
      fc.boolean(),
      (micros, zoned) => assert.equal(parseTimestamp(timestampText(micros, zoned), zoned), micros),
    ),
  )
})

test('reads other offsets and the T of ISO 8601', () => {
  assert.equal(parseTimestamp('1970-01-01T02:00:00+02:00', true), 0n)
  assert.equal(parseTimestamp('1970-01-01T00:00:00Z', true), 0n)
  assert.equal(parseTimestamp('1969-12-31 19:30:00-0430', true), 0n)
})

test('takes no text for a date or timestamp that would have to be guessed', () => {
  const texts = [
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '0000-01-01',
    '26-01-01',
    '2026-1-1',
    '',
    'today',
    '2026-10-31 BC BC',
  ]
  for (const text of texts) assert.equal(parseDate(text), undefined)
  for (const text of [
    '2026-10-31',
    '2026-10-31 24:00:00',
    '2026-10-31 08:15',
    '2026-10-31 08:15:60',
    '2026-10-31 08:15:00+00',
    '2026-10-31 08:15:00.1234567',
    '300000-01-01 00:00:00',
  ]) {
    assert.equal(parseTimestamp(text, false), undefined)
  }
  assert.equal(parseTimestamp('2026-10-31 08:15:00', true), undefined)
})
