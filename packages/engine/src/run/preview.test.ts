import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryRun, rows } from '../../../../test/support/memory-run.ts'
import { previewPlan } from './preview.ts'

test('shows the first rows, asks for no more, and opens no store', async () => {
  const run = memoryRun({ batches: [rows('1', '2'), rows('3', '4')] })
  const { fields, rows: shown, rejected } = await previewPlan(run.plan, 3, run.context)
  assert.deepEqual(
    fields.map(({ name }) => name),
    ['a'],
  )
  assert.deepEqual(shown, [{ a: '1' }, { a: '2' }, { a: '3' }])
  assert.equal(rejected, 0)
  assert.equal(run.reads[0]?.maxRows, 3)
  assert.equal(run.reads[0]?.form, 'columns')
  assert.ok(!run.steps.some((step) => step.startsWith('store.')))
  assert.ok(run.steps.includes('source.close'))
})

test('reads on while steps leave rows out, and stops when it has enough', async () => {
  const run = memoryRun({
    batches: async function* () {
      for (let number = 0; ; number++) yield rows('x', 'x', String(number))
    },
  })
  const schema = '{"type":"object","properties":{"a":{"type":"string","pattern":"^[0-9]+$"}}}'
  const files = new Map([['x.json', { path: 'x.json', bytes: Buffer.from(schema), sha256: '' }]])
  const plan = {
    ...run.plan,
    process: [{ validate: { schema: 'x.json', onInvalid: 'skip' as const } }],
  }
  const preview = await previewPlan(plan, 2, {
    ...run.context,
    application: { name: 'memory', folder: '/', files },
  })
  assert.deepEqual(preview.rows, [{ a: '0' }, { a: '1' }])
  assert.equal(preview.rejected, 4)
  assert.equal(run.reads[0]?.maxRows, undefined)
})

test('knows no rows of a source that only copies files', async () => {
  const run = memoryRun()
  const { connector } = run.plan.source
  const manifest = {
    ...connector.manifest,
    source: { ...connector.manifest.source!, forms: ['bytes' as const] },
  }
  const plan = { ...run.plan, source: { ...run.plan.source, connector: { ...connector, manifest } } }
  await assert.rejects(previewPlan(plan, 1, run.context), { code: 'output-unsupported' })
})
