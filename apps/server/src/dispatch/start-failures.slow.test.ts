/** What speaks against a revision: real processes that end by their own fault, and by that of the machine. I7. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { rowsApplication, startDispatch, type TestDispatch, waitingCode } from './dispatch.test-support.ts'

/** As often as it takes until a revision that has never worked is said not to start. */
const times = 3

async function startWaiting(t: TestContext): Promise<TestDispatch> {
  const overlay = JSON.stringify({
    apiVersion: 'bulkhead.dev/v1beta1',
    kind: 'Environment',
    spec: { env: ['WAIT_FOLDER'] },
  })
  const application = rowsApplication('shop', { wait: waitingCode('true') })
  const files = { ...application.files, 'environments/test.yaml': overlay }
  const dispatch = await startDispatch(t, [{ ...application, files, environment: 'test' }], {
    runners: { attempts: 2 * times, lease: 'PT2S', silence: 'PT1M' },
    environment: (folder) => ({ WAIT_FOLDER: join(folder, 'wait') }),
  })
  await mkdir(join(dispatch.folder, 'wait'))
  return dispatch
}

/** Process of an epoch, once it is at work. */
function begun(dispatch: TestDispatch, epoch: number): Promise<number> {
  return dispatch.until(
    async () => {
      const text = await readFile(join(dispatch.folder, 'wait/begun'), 'utf8').catch(() => '')
      const pid = text.split('\n')[epoch - 1]
      return pid === undefined || pid === '' ? undefined : Number(pid)
    },
    `The beginning of epoch ${epoch}`,
    60_000,
  )
}

/** Holds the whole server, which is this process, until another one has ended: its parent cannot even hear of it. */
function standStillUntilEnd(pid: number): void {
  const still = new Int32Array(new SharedArrayBuffer(4))
  const endMs = performance.now() + 60_000
  while (!isOver(pid)) {
    assert.ok(performance.now() < endMs, 'it goes on without its server')
    Atomics.wait(still, 0, 0, 20)
  }
}

function isOver(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
}

/** Ways in which a process ends that nobody has to blame its application for. */
const innocent = [
  { end: standStillUntilEnd, reason: /it gave up, for its server was silent/ },
  { end: (pid: number) => process.kill(pid, 'SIGTERM'), reason: /it gave up, .* told it to end/ },
  { end: (pid: number) => process.kill(pid, 'SIGKILL'), reason: /signal SIGKILL/ },
]

test(
  'runners that end because their server is held up, or because somebody ends them, say nothing against their application, whose run ends',
  { skip: process.platform === 'linux' ? false : 'It reads /proc' },
  async (t) => {
    const dispatch = await startWaiting(t)
    const runId = await dispatch.accept('shop', { job: 'wait' })
    for (const [index, { end }] of innocent.entries()) end(await begun(dispatch, index + 1))
    await begun(dispatch, times + 1)
    assert.deepEqual(dispatch.crashed, [])
    await mkdir(join(dispatch.folder, 'wait/go'))
    const run = await dispatch.ended(runId, 60_000)
    assert.equal(`${run.state} ${run.epoch}`, `completed ${times + 1}`)
    const { items } = await dispatch.repository.events({ runId, after: 0, most: 100 })
    const lost = items.filter(({ type }) => type === 'lost').map(({ data }) => String(data['reason']))
    assert.equal(lost.length, times)
    for (const [index, { reason }] of innocent.entries()) assert.match(lost[index] ?? '', reason)
  },
)

for (const [what, code, reason] of [
  ['ends its process as if all were well', 'process.exit(0)', 'exit code 0'],
  ['aborts', 'process.abort()', 'signal SIGABRT'],
] as const)
  test(`code that ${what}, again and again, is said not to start`, async (t) => {
    const ends = `${code}\nexport default (row) => row\n`
    const dispatch = await startDispatch(t, [rowsApplication('bad', { ends }), rowsApplication('good')], {
      runners: { attempts: 1, lease: 'PT1M', silence: 'PT1M' },
    })
    for (let time = 1; time <= times; time++) {
      assert.deepEqual(dispatch.crashed, [])
      const { reply } = await dispatch.ended(await dispatch.accept('bad', { job: 'ends' }), 60_000)
      assert.equal(reply?.error?.code, 'runner-died')
    }
    await dispatch.until(() => dispatch.crashed[0], 'The word against it')
    assert.deepEqual(dispatch.crashed, [`bad: ${reason}`])
  })
