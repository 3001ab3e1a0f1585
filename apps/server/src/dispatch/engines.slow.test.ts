/** Processes of two builds: what one that does not work costs its runs. I7, P5. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { engineOf } from '../engines/engine.ts'
import type { RunnersOptions } from './create-runners.ts'
import { ownEngine, rowsApplication, startDispatch } from './dispatch.test-support.ts'

/**
 * Puts `shop` on a build whose processes end at once, and takes it back when that was told twice.
 * @param isBlind  nobody sees that it is the engine's fault
 */
async function brokenEngine(t: TestContext, isBlind: boolean): Promise<RunnersOptions['engines']> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-engine-'))
  t.after(() => rm(folder, { recursive: true }))
  const entry = join(folder, 'main.js')
  await writeFile(entry, 'process.exit(3)')
  const broken = engineOf('next', { entry, version: '2.0.0', identity: '2.0.0+broken' })
  let failures = 0
  return {
    of: (name) => (name === 'shop' && failures < 2 ? broken : ownEngine),
    mayClaim: (name) => name !== 'elsewhere',
    failed() {
      if (isBlind) return false
      failures += 1
      return true
    },
    works: () => undefined,
  }
}

/** On a busy machine what is slow is not dead. */
const calm = { attempts: 1, silence: 'PT60S', lease: 'PT60S' }
const shops = ['shop', 'quiet', 'elsewhere'].map((name) => rowsApplication(name))

test('runs that an engine could not begin are run by the own one, and none of their attempts is gone', async (t) => {
  const engines = await brokenEngine(t, false)
  const dispatch = await startDispatch(t, shops, { engines, runners: calm })
  const runs = await Promise.all(
    ['shop', 'shop', 'shop', 'quiet'].map((name) => dispatch.accept(name, { job: 'plain' })),
  )
  for (const runId of runs) {
    const { state, deaths, engine } = await dispatch.ended(runId, 60_000)
    assert.equal(`${state} ${deaths} ${engine}`, `completed 0 ${ownEngine.label}`)
  }
  const { items } = await dispatch.repository.events({ runId: runs[0] ?? '', after: 0, most: 20 })
  const lost = items.filter(({ type }) => type === 'lost').map(({ data }) => JSON.stringify(data))
  assert.match(lost.join(), /exit code 3, on the engine next 2\.0\.0\+broken/)
})

test('planted: where nobody sees that it is the engine, the same runs fail', async (t) => {
  const engines = await brokenEngine(t, true)
  const dispatch = await startDispatch(t, shops, { engines, runners: calm })
  const { state, reply } = await dispatch.ended(await dispatch.accept('shop', { job: 'plain' }), 60_000)
  assert.equal(`${state} ${reply?.error?.code}`, 'failed runner-died')
})

test('runs of an application whose engine is not here stay in the queue, and others go on', async (t) => {
  const engines = await brokenEngine(t, false)
  const dispatch = await startDispatch(t, shops, { engines })
  const left = await dispatch.accept('elsewhere', { job: 'plain' })
  for (let times = 0; times < 3; times++)
    assert.equal(
      (await dispatch.ended(await dispatch.accept('quiet', { job: 'plain' }), 60_000)).state,
      'completed',
    )
  assert.equal((await dispatch.repository.run(left))?.state, 'queued')
})
