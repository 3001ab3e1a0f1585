import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSchedule } from './schedule.ts'

const at = (text: string): number => Date.parse(text)
const iso = (times: readonly number[]): string[] => times.map((time) => new Date(time).toISOString())

test('follows the clocks of its zone: moved when they leave a time out, once when it comes twice', () => {
  const schedule = readSchedule('30 2 * * *', 'Europe/Brussels')
  assert.deepEqual(iso(schedule.between(at('2026-03-27T12:00Z'), at('2026-03-30T12:00Z'), 10)), [
    '2026-03-28T01:30:00.000Z',
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ])
  assert.deepEqual(iso(schedule.between(at('2026-10-24T12:00Z'), at('2026-10-26T12:00Z'), 10)), [
    '2026-10-25T00:30:00.000Z',
    '2026-10-26T01:30:00.000Z',
  ])
})

test('gives the same times looking back as looking forward, whatever the bound', () => {
  for (const pattern of ['30 2 * * *', '*/30 * * * *', '0 2 1 * *', '*/20 */5 * * * *']) {
    const schedule = readSchedule(pattern, 'Europe/Brussels')
    for (const [from, to] of [
      ['2026-03-28T20:00Z', '2026-03-29T08:00Z'],
      ['2026-10-24T20:00Z', '2026-10-25T08:00Z'],
    ] as const) {
      const all = schedule.between(at(from), at(to), 500)
      const forward: number[] = []
      for (
        let time = schedule.next(at(from));
        time !== undefined && time <= at(to);
        time = schedule.next(time)
      )
        forward.push(time)
      assert.deepEqual(all, forward)
      assert.deepEqual(schedule.between(at(from), at(to), 2), forward.slice(-2))
    }
  }
})

test('has the bound above and not the one below', () => {
  const schedule = readSchedule('0 * * * *', 'UTC')
  const times = schedule.between(at('2026-11-21T08:00Z'), at('2026-11-21T10:00Z'), 5)
  assert.deepEqual(iso(times), ['2026-11-21T09:00:00.000Z', '2026-11-21T10:00:00.000Z'])
  assert.deepEqual(schedule.between(0, at('2026-11-21T10:00Z'), 0), [])
})

test('takes five fields, or six with seconds, and refuses what it does not understand', () => {
  assert.equal(
    readSchedule('15 0 9 * * MON', 'UTC').next(at('2026-11-21T09:00Z')),
    at('2026-11-23T09:00:15Z'),
  )
  for (const [pattern, zone] of [
    ['99 * * * *', 'UTC'],
    ['* * *', 'UTC'],
    ['* * * * * * 2030', 'UTC'],
    ['0 2 * * *', 'Europe/Brussel'],
  ] as const)
    assert.throws(() => readSchedule(pattern, zone), { code: 'schedule-invalid' }, pattern)
})

test('knows a schedule that never comes', () => {
  assert.equal(readSchedule('0 0 30 2 *', 'UTC').next(at('2026-11-21T09:00Z')), undefined)
})
