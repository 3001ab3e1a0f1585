import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { getPriority } from 'node:os'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServedApplication } from '../applications/applications.ts'
import type { ActiveRun } from './active-run.ts'
import { createGiveWay } from './give-way.ts'

const skip = process.platform === 'linux' ? false : 'It reads /proc'

async function startProcess(t: TestContext, code: string): Promise<{ readonly pid: number }> {
  const child = spawn(process.execPath, ['-e', `console.log('here'); ${code}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return { pid: child.pid ?? 0 }
}

const urgencies = (pid: number): Set<number> =>
  new Set(readdirSync(`/proc/${pid}/task`).map((thread) => getPriority(Number(thread))))

test(
  'a process that has computed much is less urgent from then on, with all its threads; one that has not is as it was',
  { skip },
  async (t) => {
    const spinning = await startProcess(
      t,
      `new (require('node:worker_threads').Worker)('for (;;);', { eval: true }); setTimeout(() => { for (;;); }, 50)`,
    )
    const waiting = await startProcess(t, 'setInterval(() => undefined, 1000)')
    const gone = await startProcess(t, '')
    const giveWay = createGiveWay(800)
    const less = new Set([Math.min(19, getPriority() + 10)])
    giveWay.look([spinning, waiting, gone])
    assert.deepEqual(urgencies(spinning.pid), new Set([getPriority()]))
    for (let look = 0; look < 600 && urgencies(spinning.pid).has(getPriority()); look++) {
      await sleep(50)
      giveWay.look([spinning, waiting, gone])
    }
    assert.deepEqual(urgencies(spinning.pid), less)
    assert.deepEqual(urgencies(waiting.pid), new Set([getPriority()]))
  },
)

test(
  'the second process of an application gives way from its start, and the first of another one does not',
  { skip },
  async (t) => {
    const of = async (name: string, runs: number, readyAtMs: number | undefined) => ({
      ...(await startProcess(t, 'setInterval(() => undefined, 1000)')),
      one: { application: { name } } as ServedApplication,
      runs: new Set(Array.from({ length: runs }, () => ({}) as ActiveRun)),
      readyAtMs,
    })
    const working = await of('flood', 1, 1)
    const [second, other, third] = [
      await of('flood', 0, undefined),
      await of('other', 0, undefined),
      await of('idle', 0, undefined),
    ]
    const idle = await of('idle', 0, 1)
    const giveWay = createGiveWay()
    for (const process of [second, other, third])
      giveWay.begun(process, [working, second, other, third, idle])
    assert.deepEqual(urgencies(second.pid), new Set([Math.min(19, getPriority() + 10)]))
    for (const process of [working, other, third])
      assert.deepEqual(urgencies(process.pid), new Set([getPriority()]))
  },
)
