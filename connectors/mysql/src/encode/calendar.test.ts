import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { daysSince1970, isDate, microseconds, secondOfDay, writeDateTime, writeTime } from './calendar.ts'

const dateBytes = (year: number, month: number, day: number): Buffer =>
  Buffer.of(year & 0xff, year >> 8, month, day)

describe('dates of the protocol', () => {
  it('are the days of the calendar, from the year 1 to 9999', () => {
    const dayOf = (date: string): number => new Date(date).getTime() / 86_400_000
    const days = fc.integer({ min: dayOf('0001-01-01'), max: dayOf('9999-12-31') })
    fc.assert(
      fc.property(days, (day) => {
        const date = new Date(day * 86_400_000)
        const bytes = dateBytes(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())
        assert.ok(isDate(bytes, 0, 4))
        assert.equal(daysSince1970(bytes, 0), day)
      }),
      { numRuns: 5000 },
    )
  })
  it('are none when a calendar has no such day', () => {
    for (const [year, month, day] of [
      [0, 0, 0],
      [0, 1, 1],
      [2026, 0, 15],
      [2026, 2, 0],
      [2026, 2, 29],
      [1900, 2, 29],
      [2026, 4, 31],
      [2026, 13, 1],
      [2026, 1, 32],
    ] as const)
      assert.ok(!isDate(dateBytes(year, month, day), 0, 4))
    assert.ok(isDate(dateBytes(2000, 2, 29), 0, 4))
    assert.ok(!isDate(Buffer.alloc(0), 0, 0))
  })
  it('have as much of a time as was sent', () => {
    const bytes = Buffer.concat([dateBytes(2026, 10, 31), Buffer.of(8, 15, 1), Buffer.of(0x90, 0xd0, 3, 0)])
    assert.deepEqual(
      [secondOfDay(bytes, 0, 4), secondOfDay(bytes, 0, 7), microseconds(bytes, 0, 7)],
      [0, 29_701, 0],
    )
    assert.equal(microseconds(bytes, 0, 11), 250_000)
    const text = (length: number, digits: number): string => {
      const out = Buffer.alloc(32)
      return out.toString('latin1', 0, writeDateTime(bytes, 0, length, digits, out, 0))
    }
    assert.equal(text(11, 6), '2026-10-31 08:15:01.250000')
    assert.equal(text(11, 2), '2026-10-31 08:15:01.25')
    assert.equal(text(7, 0), '2026-10-31 08:15:01')
    assert.equal(text(4, 0), '2026-10-31 00:00:00')
    assert.equal(text(0, 3), '0000-00-00 00:00:00.000')
  })
})

describe('times of the protocol', () => {
  it('may be negative, and longer than a day', () => {
    const text = (bytes: Buffer, digits: number): string => {
      const out = Buffer.alloc(32)
      return out.toString('latin1', 0, writeTime(bytes, 0, bytes.length, digits, out, 0))
    }
    assert.equal(text(Buffer.of(1, 34, 0, 0, 0, 22, 59, 59), 0), '-838:59:59')
    assert.equal(text(Buffer.of(0, 0, 0, 0, 0, 9, 5, 1, 1, 0, 0, 0), 6), '09:05:01.000001')
    assert.equal(text(Buffer.alloc(0), 3), '00:00:00.000')
  })
})
