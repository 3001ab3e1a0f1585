import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServedApplication } from '../applications/applications.ts'
import type { Engine } from '../engines/engine.ts'
import type { ActiveRun } from './active-run.ts'
import { judgeEngines } from './judge-engines.ts'
import type { Death } from './death.ts'

const one = { application: { name: 'shop' } } as unknown as ServedApplication
const engineOf = (name: string): Engine => ({
  name,
  entry: '',
  version: '1',
  identity: '1',
  label: `${name} 1`,
})
const run = (rows?: number): ActiveRun =>
  ({ progress: rows === undefined ? undefined : { rows, bytes: 0 } }) as unknown as ActiveRun

function judge(died: {
  readonly why: Death['why']
  readonly engine?: string
  readonly runs?: readonly ActiveRun[]
  readonly isReady?: boolean
  readonly hasWorked?: boolean
}): boolean {
  const { why, engine = 'next', runs = [run()], isReady = true, hasWorked = false } = died
  const told: string[] = []
  const engineJudge = judgeEngines({
    failed: (name, { label }, reason) => (told.push(`${name} ${label} ${reason}`), !hasWorked),
    works: () => assert.fail(),
  })
  const process = { one, engine: engineOf(engine), runs: new Set(runs), tasks: new Set<string>() }
  const isEngines = engineJudge.died(
    { ...process, readyAtMs: isReady ? 1 : undefined },
    { why, reason: 'exit code 1' },
  )
  assert.deepEqual(told, isEngines || (hasWorked && told.length > 0) ? ['shop next 1 exit code 1'] : [])
  return isEngines
}

test('an engine that is tried out is to blame for a death before anything was read', () => {
  assert.ok(judge({ why: 'exit' }))
  assert.ok(judge({ why: 'silence', runs: [run(), run()] }))
  assert.ok(judge({ why: 'exit', isReady: false }))
})

test('it is not to blame for what a run may have done, for a server that is not heard, for an idle process, nor once it has worked; the own one never is', () => {
  assert.ok(!judge({ why: 'exit', engine: 'built-in' }))
  assert.ok(!judge({ why: 'memory' }))
  assert.ok(!judge({ why: 'time' }))
  for (const why of ['gave-up', 'not-started'] as const) assert.ok(!judge({ why, isReady: false }), why)
  assert.ok(!judge({ why: 'gave-up' }))
  assert.ok(!judge({ why: 'exit', runs: [run(), run(3)] }))
  assert.ok(!judge({ why: 'exit', runs: [] }))
  assert.ok(!judge({ why: 'exit', runs: [], isReady: false }))
  assert.ok(!judge({ why: 'exit', hasWorked: true }))
})

test('a run that ends in a fault of ours speaks against the engine, another failure does not, and a result for it', () => {
  const told: string[] = []
  const engineJudge = judgeEngines({
    failed: (name) => (told.push(`failed ${name}`), true),
    works: (name) => void told.push(`works ${name}`),
  })
  const on = (engine: string) => ({ one, process: { engine: engineOf(engine) } }) as unknown as ActiveRun
  const error = { code: 'x', message: '', retryable: false, documentation: '' }
  assert.equal(engineJudge.ended(on('next'), { status: 'completed' }), false)
  assert.equal(
    engineJudge.ended(on('next'), { status: 'failed', error: { ...error, kind: 'config' } }),
    false,
  )
  assert.equal(engineJudge.ended(on('next'), { status: 'failed', error: { ...error, kind: 'bug' } }), true)
  assert.equal(
    engineJudge.ended(on('built-in'), { status: 'failed', error: { ...error, kind: 'bug' } }),
    false,
  )
  assert.deepEqual(told, ['works shop', 'failed shop'])
})
