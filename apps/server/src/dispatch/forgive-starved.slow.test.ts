import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createForgiveStarved, waitedForCoreMs } from './forgive-starved.ts'

test('the time in which a process waited for a core is no time of silence, and no run is heard in the future', () => {
  const waited = [100, 350, 350, 9_000]
  const forgive = createForgiveStarved(() => waited.shift())
  const run = { heardAtMs: 1_000 }
  const starved = { pid: 1, runs: [run] }
  const heard = [2_000, 2_250, 2_500, 2_750].map((nowMs) => {
    forgive([starved], nowMs)
    return run.heardAtMs
  })
  // what it had waited before it was first looked at is past
  assert.deepEqual(heard, [1_000, 1_250, 1_250, 2_750])
  forgive([starved], 3_000)
  assert.equal(run.heardAtMs, 2_750)
})

test(
  'the kernel tells of a process that others keep from running',
  {
    skip: existsSync('/proc/self/schedstat') ? false : 'The kernel does not say it',
  },
  async (t) => {
    const spin = () => {
      const child = spawn(process.execPath, ['-e', 'for (;;);'])
      t.after(() => child.kill('SIGKILL'))
      return child.pid ?? 0
    }
    const spinning = Array.from({ length: availableParallelism() * 3 }, spin)
    const waitedMs = (): number => spinning.reduce((sum, pid) => sum + (waitedForCoreMs(pid) ?? 0), 0)
    for (let look = 0; look < 600 && waitedMs() < 1_000; look++) await sleep(50)
    assert.ok(waitedMs() >= 1_000)
    assert.equal(waitedForCoreMs(2 ** 22 + 1), undefined)
  },
)
