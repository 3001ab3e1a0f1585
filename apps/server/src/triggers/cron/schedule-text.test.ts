import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scheduledParameters } from './schedule-text.ts'

function text(
  scheduled: string,
  fromSchedule: { minus?: string; format?: string },
  timeZone = 'Europe/Brussels',
): unknown {
  return scheduledParameters({ p: { fromSchedule } }, Date.parse(scheduled), timeZone)['p']
}

test('makes texts of the scheduled time as the clocks of the zone show it', () => {
  const at = '2026-11-01T01:00:00Z'
  assert.equal(text(at, {}), '2026-11-01T02:00:00+01:00')
  assert.equal(text(at, {}, 'UTC'), '2026-11-01T01:00:00Z')
  assert.equal(text(at, {}, 'America/St_Johns'), '2026-10-31T22:30:00-02:30')
  assert.equal(text(at, { format: "'week of' yyyyMMdd, HH 'o''clock'" }), "week of 20261101, 02 o'clock")
})

test('counts months, weeks and days by the calendar, hours by the clock', () => {
  assert.equal(text('2026-11-01T01:00:00Z', { minus: 'P1M', format: 'yyyy-MM' }), '2026-10')
  assert.equal(text('2026-01-31T01:00:00Z', { minus: 'P2M', format: 'yyyy-MM-dd' }), '2025-11-30')
  assert.equal(text('2028-02-29T12:00:00Z', { minus: 'P1Y', format: 'yyyy-MM-dd' }), '2027-02-28')
  assert.equal(text('2026-03-01T12:00:00Z', { minus: 'P1W1D', format: 'yyyy-MM-dd' }), '2026-02-21')
  // over the change of the clocks a day has 25 hours
  assert.equal(text('2026-10-25T11:00:00Z', { minus: 'P1D' }), '2026-10-24T12:00:00+02:00')
  assert.equal(text('2026-10-25T11:00:00Z', { minus: 'PT24H' }), '2026-10-24T13:00:00+02:00')
})

test('moves a time that the clocks left out, and takes the first of one that came twice', () => {
  assert.equal(text('2026-03-30T00:30:00Z', { minus: 'P1D' }), '2026-03-29T03:30:00+02:00')
  assert.equal(text('2026-10-26T01:30:00Z', { minus: 'P1D' }), '2026-10-25T02:30:00+02:00')
})

test('leaves other parameters alone, and refuses a pattern that is none', () => {
  const others = { text: 'yyyy', list: [1], object: { fromSchedule: { other: 1 } } }
  assert.deepEqual(scheduledParameters(others, 0, 'UTC'), others)
  assert.throws(() => text('2026-11-01T01:00:00Z', { format: 'yyyy-QQ' }), {
    code: 'schedule-invalid',
    path: 'parameters.p.fromSchedule.format',
  })
})
