import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClaimShare } from '../claim.ts'
import { type Candidate, divide } from './divide.ts'

/** Runs as `a1`: of application `a`; `a1!` needs a process of its own, `a1@x,y` the systems x and y. */
function queue(...texts: readonly string[]): Candidate[] {
  return texts.map((text) => {
    const [, runId = '', application = '', alone, names] = /^((\w)\d+)(!?)(?:@(.*))?$/.exec(text) ?? []
    return { runId, application, alone: alone === '!', systems: names?.split(',') ?? [] }
  })
}

const none = new Map<string, number>()
const one = (application: string, more: Partial<ClaimShare> = {}): ClaimShare => ({
  application,
  runs: 0,
  processes: [1, 1, 1],
  runsPerProcess: 2,
  ...more,
})

test('free processes go round, and each takes as many runs as it may', () => {
  const waiting = queue('a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'c1')
  const most = [one('c'), one('a'), one('b')]
  assert.deepEqual(divide(waiting, { most, processes: 1 }, none), ['c1'])
  assert.deepEqual(divide(waiting, { most, processes: 2 }, none), ['c1', 'a1', 'a2'])
  assert.deepEqual(divide(waiting, { most, processes: 4 }, none), ['c1', 'a1', 'a2', 'b1', 'b2', 'a3', 'a4'])
})

test('a process that must be left to others is not begun, however many wait', () => {
  const waiting = queue('a1!', 'a2!', 'a3!', 'b1!')
  const most = [one('a', { processes: [1, 2, 3] }), one('b', { processes: [1, 2, 3] })]
  assert.deepEqual(divide(waiting, { most, processes: 3 }, none), ['a1', 'b1'])
  assert.deepEqual(divide(waiting, { most, processes: 5 }, none), ['a1', 'b1', 'a2'])
})

test('a run that needs its own process holds up none that has room in another', () => {
  const waiting = queue('a1!', 'a2', 'a3', 'a4')
  const full = { most: [one('a', { runs: 2, processes: [] })], processes: 0 }
  assert.deepEqual(divide(waiting, full, none), ['a2', 'a3'])
  const free = { most: [one('a', { runs: 1, atOnce: 2 })], processes: 1 }
  assert.deepEqual(divide(waiting, free, none), ['a1', 'a2'])
  // who counts no processes gives whatever is oldest
  assert.deepEqual(divide(waiting, { most: [{ application: 'a', runs: 2 }] }, none), ['a1', 'a2'])
})

test('a system gets no more runs than it may have, and those of others go past', () => {
  const waiting = queue('a1@x', 'a2@x', 'a3@x', 'a4', 'b1@x', 'b2@y', 'b3@y')
  const most = [one('a', { runs: 9 }), one('b', { runs: 9 })]
  const systems = [
    { system: 'x', runs: 3 },
    { system: 'y', runs: 1 },
  ]
  const running = new Map([['x', 1]])
  assert.deepEqual(divide(waiting, { most, systems }, running), ['a1', 'a4', 'b1', 'b2'])
  assert.deepEqual(divide(waiting, { most, systems }, new Map([['x', 5]])), ['a4', 'b2'])
  // unknown ones have no budget
  assert.equal(divide(waiting, { most, systems: [] }, none).length, 7)
})

test('places at a system go to applications in its own order, and to others where one cannot take them', () => {
  const waiting = queue('a1@x', 'a2@x', 'b1@x', 'b2@x')
  const systems = [{ system: 'x', runs: 1, order: ['b', 'a'] }]
  const ready = [one('a', { runs: 4 }), one('b', { runs: 4 })]
  assert.deepEqual(divide(waiting, { most: ready, systems }, none), ['b1'])
  const full = [one('a', { runs: 4 }), one('b', { processes: [2] })]
  assert.deepEqual(divide(waiting, { most: full, processes: 1, systems }, none), ['a1'])
})

test('a run that needs two systems takes a place at both or at none', () => {
  const systems = [
    { system: 'x', runs: 1 },
    { system: 'y', runs: 1 },
  ]
  const most = [one('a', { runs: 9 }), one('b', { runs: 9 })]
  assert.deepEqual(divide(queue('a1@x,y', 'b1@y', 'b2@x'), { most, systems }, none), ['a1'])
  assert.deepEqual(divide(queue('a1@x,y', 'b1@x'), { most, systems }, new Map([['y', 1]])), ['b1'])
})
