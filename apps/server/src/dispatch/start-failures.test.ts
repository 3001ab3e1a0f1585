import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServedApplication } from '../applications/applications.ts'
import type { ActiveRun } from './active-run.ts'
import type { Death } from './death.ts'
import { countStartFailures, type StartFailures } from './start-failures.ts'

const one = { application: { name: 'shop' }, revision: 'a' } as unknown as ServedApplication
const run = (rows?: number): ActiveRun =>
  ({ progress: rows === undefined ? undefined : { rows, bytes: 0 } }) as unknown as ActiveRun

interface Died {
  readonly isReady?: boolean
  readonly runs?: readonly ActiveRun[]
  readonly tasks?: readonly string[]
}

function counted(): { readonly failures: StartFailures; readonly told: string[] } {
  const told: string[] = []
  const failures = countStartFailures({
    onLoop: (_one, reason) => void told.push(reason),
    onWorks: () => void told.push('works'),
  })
  return { failures, told }
}

/** Whether it speaks against the revision when a process dies so three times. */
function speaks(why: Death['why'], { isReady = true, runs = [run()], tasks = [] }: Died = {}): boolean {
  const { failures, told } = counted()
  for (let time = 0; time < 3; time++) {
    assert.deepEqual(told, [])
    const process = { one, readyAtMs: isReady ? 1 : undefined, runs: new Set(runs), tasks: new Set(tasks) }
    failures.died(process, { why, reason: why })
  }
  return told.length > 0
}

test('once its code may have run, only what the process did itself speaks against it', () => {
  assert.ok(speaks('exit'))
  for (const why of ['memory', 'time', 'silence', 'killed', 'gave-up', 'unreadable', 'not-started'] as const)
    assert.ok(!speaks(why), why)
})

test('before its code has run, only its own files and memory do: not a slow start, nor a broken installation', () => {
  for (const why of ['unreadable', 'memory'] as const) assert.ok(speaks(why, { isReady: false }), why)
  for (const why of ['exit', 'time', 'silence', 'killed', 'gave-up', 'not-started'] as const)
    assert.ok(!speaks(why, { isReady: false }), why)
  assert.ok(speaks('unreadable', { isReady: false, runs: [], tasks: ['check'] }))
  assert.ok(!speaks('unreadable', { isReady: false, runs: [] }))
})

test('a run that has read something, one among several, and an idle process say nothing', () => {
  assert.ok(!speaks('exit', { runs: [run(3)] }))
  assert.ok(!speaks('exit', { runs: [run(), run()] }))
  assert.ok(!speaks('exit', { runs: [] }))
})

test('a revision that has worked is never said not to start', () => {
  const { failures, told } = counted()
  failures.ended(one, { status: 'completed' })
  const process = { one, readyAtMs: 1, runs: new Set([run()]), tasks: new Set<string>() }
  for (let time = 0; time < 9; time++) failures.died(process, { why: 'exit', reason: 'exit code 1' })
  assert.deepEqual(told, ['works'])
})
