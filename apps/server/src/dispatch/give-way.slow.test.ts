import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { getPriority } from 'node:os'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@bulkhead/connector-sdk'
import type { ActiveRun } from './active-run.ts'
import { watchComputing } from './give-way.ts'
import type { RunnerProcess } from './runner-process.ts'

const silent: Log = { debug() {}, info() {}, warn() {} }
const skip = process.platform === 'linux' ? false : 'It reads /proc'

/** A real process, and what the server knows of it. */
async function startProcess(t: TestContext, code: string): Promise<RunnerProcess> {
  const child = spawn(process.execPath, ['-e', `console.log('here'); ${code}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const known = {
    pid: child.pid,
    one: { application: { name: 'a' } },
    runs: new Set([runCalled('first')]),
    tasks: new Set<string>(),
    runsBegun: 1,
    draining: false,
  }
  return known as unknown as RunnerProcess
}

const threadsOf = (pid: number): readonly number[] => readdirSync(`/proc/${pid}/task`).map(Number)
const runCalled = (runId: string): ActiveRun => ({ record: { runId } }) as unknown as ActiveRun

/** Looks for a second, far longer than what is allowed. */
async function lookAt(processes: readonly RunnerProcess[], between = (): void => undefined): Promise<void> {
  const watch = watchComputing(silent, 300)
  for (let look = 0; look < 20; look++) {
    watch(processes)
    between()
    await sleep(50)
  }
}

test(
  'a run that computes on and on makes all of its process less urgent, which takes no more runs',
  { skip },
  async (t) => {
    const spinning = await startProcess(
      t,
      `new (require('node:worker_threads').Worker)('for (;;);', { eval: true }); setTimeout(() => { for (;;); }, 50)`,
    )
    const waiting = await startProcess(t, 'setInterval(() => undefined, 1000)')
    await lookAt([spinning, waiting])
    assert.deepEqual([spinning.draining, waiting.draining], [true, false])
    assert.equal(getPriority(spinning.pid), Math.min(19, getPriority() + 10))
    assert.equal(getPriority(waiting.pid), getPriority())
    assert.deepEqual(
      new Set(threadsOf(spinning.pid).map((thread) => getPriority(thread))),
      new Set([getPriority() + 10]),
    )
  },
)

test('a process that is through with run after run stays as urgent as it was', { skip }, async (t) => {
  const busy = await startProcess(t, 'for (;;);')
  await lookAt([busy], () => {
    busy.runs.clear()
    busy.runs.add(runCalled(`run ${++busy.runsBegun}`))
  })
  assert.equal(busy.draining, false)
  assert.equal(getPriority(busy.pid), getPriority())
})

test('a process without work is left alone, and so is one that is gone', { skip }, async (t) => {
  const idle = await startProcess(t, 'for (;;);')
  idle.runs.clear()
  const gone = await startProcess(t, 'for (;;);')
  process.kill(gone.pid, 'SIGKILL')
  await lookAt([idle, gone])
  assert.deepEqual([idle.draining, gone.draining], [false, false])
})
