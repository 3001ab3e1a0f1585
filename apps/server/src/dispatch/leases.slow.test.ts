import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { rowsApplication, startDispatch, type TestDispatch, waitingCode } from './dispatch.test-support.ts'

async function startWaiting(
  dispatch: TestDispatch,
): Promise<{ readonly runId: string; readonly pid: number }> {
  const runId = await dispatch.accept('shop', { job: 'wait' })
  const [pid = 0] = await begun(dispatch, 1)
  return { runId, pid }
}

/** Process ids of the epochs that have begun. */
function begun(dispatch: TestDispatch, count: number): Promise<readonly number[]> {
  return dispatch.until(async () => {
    const text = await readFile(join(dispatch.folder, 'wait/begun'), 'utf8').catch(() => '')
    const pids = text
      .split('\n')
      .filter((line) => line !== '')
      .map(Number)
    return pids.length >= count ? pids : undefined
  }, `The beginning of ${count} epochs`)
}

async function start(
  t: Parameters<typeof startDispatch>[0],
  runners: Readonly<Record<string, unknown>> = {},
  more: Readonly<Record<string, unknown>> = {},
): Promise<TestDispatch> {
  const overlay = JSON.stringify({
    apiVersion: 'bulkhead.dev/v1beta1',
    kind: 'Environment',
    spec: { env: ['WAIT_FOLDER'] },
  })
  const application = rowsApplication('shop', { wait: waitingCode('true') }, more)
  const files = { ...application.files, 'environments/test.yaml': overlay }
  const dispatch = await startDispatch(t, [{ ...application, files, environment: 'test' }], {
    runners,
    environment: (folder) => ({ WAIT_FOLDER: join(folder, 'wait'), NOT_LISTED: 'x' }),
  })
  await mkdir(join(dispatch.folder, 'wait'))
  return dispatch
}

const goOn = (dispatch: TestDispatch): Promise<unknown> => mkdir(join(dispatch.folder, 'wait/go'))

test('a runner that was frozen while its run went to another cannot commit when it wakes up, and leaves nothing', async (t) => {
  // long enough that its own server does not kill it before it wakes
  const dispatch = await start(t, { lease: 'PT30S', silence: 'PT30S' })
  const { runId, pid } = await startWaiting(dispatch)
  process.kill(pid, 'SIGSTOP')
  // what another server does when the lease of the run has ended
  await dispatch.repository.lose([{ runId, epoch: 1, reason: 'a test', why: 'died' }], { attempts: 5 })
  await begun(dispatch, 2)
  await goOn(dispatch)
  const run = await dispatch.ended(runId)
  process.kill(pid, 'SIGCONT')
  assert.equal(run.state, 'completed')
  assert.equal(run.epoch, 2)
  await dispatch.until(() => (isAlive(pid) ? undefined : true), 'The end of the sleeper')
  const left = (await dispatch.stored('shop')).filter((path) => path.includes(runId))
  assert.deepEqual(left, [join(dispatch.folder, `shop/out/${runId}.2/rows.csv`)])
  assert.equal((await dispatch.repository.run(runId))?.epoch, 2)
})

test('a runner that is frozen for longer than its lease loses its run, which is begun again and ends', async (t) => {
  const dispatch = await start(t)
  const { runId, pid } = await startWaiting(dispatch)
  process.kill(pid, 'SIGSTOP')
  await begun(dispatch, 2)
  await goOn(dispatch)
  const run = await dispatch.ended(runId)
  assert.equal(run.state, 'completed')
  assert.equal(run.epoch, 2)
  await dispatch.until(() => (isAlive(pid) ? undefined : true), 'The end of the sleeper')
  assert.equal((await dispatch.stored('shop')).length, 1)
})

test('an object that a dead epoch had on its way, and that arrives behind the sweep, is gone when the run ends', async (t) => {
  const dispatch = await start(t, { lease: 'PT1M', silence: 'PT1M' })
  const { runId, pid } = await startWaiting(dispatch)
  process.kill(pid, 'SIGKILL')
  await begun(dispatch, 2)
  // no upload that could be aborted: a small object is one call, which the store may carry out when nobody waits any more
  const late = join(dispatch.folder, 'shop/out', runId)
  await mkdir(late, { recursive: true })
  await writeFile(join(late, 'rows.csv'), 'late')
  await goOn(dispatch)
  assert.equal((await dispatch.ended(runId)).epoch, 2)
  assert.deepEqual(await dispatch.stored('shop'), [join(dispatch.folder, `shop/out/${runId}.2/rows.csv`)])
})

test('a runner that is killed loses its run at once, and not with the lease', async (t) => {
  const dispatch = await start(t, { lease: 'PT1M', silence: 'PT1M' })
  const { runId, pid } = await startWaiting(dispatch)
  process.kill(pid, 'SIGKILL')
  await begun(dispatch, 2)
  await goOn(dispatch)
  assert.equal((await dispatch.ended(runId)).epoch, 2)
  const { items } = await dispatch.repository.events({ runId, after: 0, most: 100 })
  const lost = items.find(({ type }) => type === 'lost')
  assert.equal(lost?.data['reason'], 'signal SIGKILL')
})

test('a run that is cancelled stops, and so does one that waits for a process', async (t) => {
  const dispatch = await start(t, { processes: 1 })
  const { runId, pid } = await startWaiting(dispatch)
  const next = await dispatch.accept('shop', { job: 'plain' })
  const command = { command: 'cancel', actor: 'test', reason: 'no more wanted' } as const
  for (const id of [next, runId]) await dispatch.repository.command({ runId: id, ...command })
  for (const id of [next, runId]) {
    const run = await dispatch.ended(id, 10_000)
    assert.equal(run.state, 'cancelled')
    assert.equal(run.reply?.error?.code, 'cancelled')
  }
  await dispatch.until(() => (isAlive(pid) ? undefined : true), 'The end of its process')
  assert.deepEqual(await dispatch.stored('shop'), [])
})

test('a server that ends hands its runs over, and another one goes on with them', async (t) => {
  const dispatch = await start(t, { attempts: 1 })
  const { runId } = await startWaiting(dispatch)
  await dispatch.runners.drain(100)
  assert.equal((await dispatch.repository.run(runId))?.state, 'queued')
  assert.deepEqual(dispatch.runners.status(), [])
  await dispatch.another('b')
  await goOn(dispatch)
  const run = await dispatch.ended(runId)
  assert.equal(run.state, 'completed')
  assert.equal(run.epoch, 2)
})

test('what a run leaves that is given up with its lease is removed by the server that gives it up', async (t) => {
  const dispatch = await start(t, { attempts: 1 })
  await dispatch.runners.drain(0)
  const runId = await dispatch.accept('shop', { job: 'wait' })
  // of a server that has died since
  const {
    runs: [claimed],
  } = await dispatch.repository.claim({
    server: 'dead',
    leaseMs: 1,
    most: [{ application: 'shop', runs: 1 }],
  })
  assert.equal(claimed?.run.epoch, 1)
  const folder = join(dispatch.folder, 'shop/out', runId)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'rows.csv'), 'half')
  await dispatch.another('b')
  assert.equal((await dispatch.ended(runId)).reply?.error?.code, 'runner-died')
  await dispatch.until(
    async () => ((await dispatch.stored('shop')).length === 0 ? true : undefined),
    'The removal of what it left',
  )
})

test('an application has no more runs at once than it may have, and the others wait', async (t) => {
  const dispatch = await start(t, { processes: 6 }, { policy: { limits: { concurrentRuns: 2 } } })
  let most = 0
  const watch = setInterval(() => {
    const runs = dispatch.runners.status().reduce((sum, status) => sum + status.runs.length, 0)
    most = Math.max(most, runs)
  }, 2)
  t.after(() => clearInterval(watch))
  const ids = await Promise.all(Array.from({ length: 6 }, () => dispatch.accept('shop', { job: 'wait' })))
  await begun(dispatch, 2)
  assert.equal(await dispatch.repository.queued('shop'), 4)
  await goOn(dispatch)
  for (const id of ids) assert.equal((await dispatch.ended(id, 30_000)).state, 'completed')
  assert.equal(most, 2)
})

test('a runner sees what its application may see, and nothing of the server', async (t) => {
  const dispatch = await start(t)
  const { runId, pid } = await startWaiting(dispatch)
  const names = (await readFile(`/proc/${pid}/environ`, 'utf8'))
    .split('\0')
    .map((line) => line.slice(0, line.indexOf('=')))
    .filter((name) => name !== '')
  assert.deepEqual(names.toSorted(), ['BULKHEAD_SECRET__SHOP__DB', 'HOME', 'PATH', 'WAIT_FOLDER'])
  const told = execFileSync('ps', ['-o', 'args=', '-p', String(pid)]).toString()
  assert.doesNotMatch(told, /shop|token|api|socket/)
  await goOn(dispatch)
  await dispatch.ended(runId)
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
