import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadSteps } from './load-steps.ts'

test('mapping code reads how the flags stand for the request, and cannot change them for the next row', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-steps-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(
    join(folder, 'map.ts'),
    `export default ({ n }, { flags }) => {
      try { flags.variant = 'mine' } catch {}
      return { n: flags['new-tariff'] ? n * 2 : n, variant: flags.variant }
    }`,
  )
  const plan = { job: 'j', process: [{ map: 'map.ts' }], flags: { 'new-tariff': true, variant: 'b' } }
  const [step] = await loadSteps(plan, { folder, files: new Map() })
  assert.ok(step?.kind === 'map')
  assert.deepEqual(step.map({ n: 3 }), { n: 6, variant: 'b' })
  assert.deepEqual(step.map({ n: 4 }), { n: 8, variant: 'b' })
})
