import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { rowsApplication, startDispatch } from './dispatch.test-support.ts'

test('runs a request in a runner process, and finishes it with places and no links', async (t) => {
  const dispatch = await startDispatch(t, [rowsApplication('shop')])
  const runId = await dispatch.accept('shop', { job: 'plain' })
  const run = await dispatch.ended(runId)
  assert.equal(run.state, 'completed', JSON.stringify(run.reply))
  assert.equal(run.reply?.result?.rows, 100)
  const [file] = run.reply.result.files
  assert.match(file?.location ?? '', new RegExp(`^file:///.*/${runId}/rows.csv$`))
  assert.ok(!JSON.stringify(run.reply).includes('http'))
  assert.match(await readFile(new URL(file?.location ?? ''), 'utf8'), /^id,name\n0,name 0\n/)
  assert.ok(run.delivery)
  const [link] = await dispatch.runners.sign('shop', run.revision, run.delivery)
  assert.match(link?.url ?? '', /^http:\/\/127\.0\.0\.1:1\//)
})
