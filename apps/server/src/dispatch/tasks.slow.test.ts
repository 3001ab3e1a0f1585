import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { rowsApplication, startDispatch } from './dispatch.test-support.ts'

const { signal } = new AbortController()

test('a runner answers what the server asks beside runs', async (t) => {
  const dispatch = await startDispatch(t, [rowsApplication('shop')])
  const { runners } = dispatch

  const items = await runners.check('shop', signal)
  assert.deepEqual(
    items.map(({ role, name, error }) => [role, name, error?.code]),
    [
      ['connection', 'inbox', undefined],
      ['store', 'out', undefined],
    ],
  )

  const preview = await runners.preview('shop', JSON.stringify({ requestId: 'p', job: 'plain' }), 2, signal)
  assert.deepEqual(
    preview.columns.map(({ name }) => name),
    ['id', 'name'],
  )
  assert.deepEqual(preview.rows, [
    ['0', 'name 0'],
    ['1', 'name 1'],
  ])
  await assert.rejects(
    runners.preview('shop', JSON.stringify({ requestId: 'p', job: 'nothing' }), 2, signal),
    { code: 'job-unknown' },
  )

  const run = await dispatch.ended(await dispatch.accept('shop', { job: 'plain' }))
  const left = join(dispatch.folder, 'shop/out', `${run.runId}.2`)
  await mkdir(left)
  await writeFile(join(left, 'b.csv'), 'x')
  await runners.cleanUp('shop', run.revision, 'out', [run.runId, `${run.runId}.2`])
  assert.deepEqual(await dispatch.stored('shop'), [])
  assert.ok(run.delivery)
  await assert.rejects(runners.sign('shop', run.revision, run.delivery), { code: 'files-object-missing' })
  await assert.rejects(runners.check('nothing', signal), { code: 'application-unknown' })
  assert.equal(runners.status().length, 1)
})

test('a task of one application does not wait for the runs of another', async (t) => {
  const endless = 'export default async () => new Promise(() => setInterval(() => {}, 1000))'
  const dispatch = await startDispatch(t, [rowsApplication('busy', { endless }), rowsApplication('shop')], {
    runners: { processes: 1, lease: 'PT10S', silence: 'PT10S' },
  })
  const runId = await dispatch.accept('busy', { job: 'endless' })
  await dispatch.until(
    () => dispatch.runners.status().find(({ runs }) => runs.includes(runId)),
    'The beginning of the run',
  )
  const items = await dispatch.runners.check('shop', signal)
  assert.equal(items.length, 2)
  await assert.rejects(dispatch.runners.check('shop', AbortSignal.abort(new Error('gone'))), {
    message: 'gone',
  })
})

test('says of each process which walls hold it', async (t) => {
  const dispatch = await startDispatch(t, [rowsApplication('shop')])
  await dispatch.runners.check('shop', signal)
  const walls = await dispatch.until(() => {
    const [process] = dispatch.runners.status()
    return process?.walls.includes('data') === true ? process : undefined
  }, 'A limit on data')
  assert.deepEqual(
    walls.walls.filter((name) => name !== 'cgroup'),
    ['heap', 'rss', 'data'],
  )
  assert.ok(walls.memoryBytes > 10 * 2 ** 20)
})
