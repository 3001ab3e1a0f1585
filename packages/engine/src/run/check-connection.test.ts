import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BulkheadError } from '@bulkhead/connector-sdk'
import { memoryRun } from '../../../../test/support/memory-run.ts'
import { checkConnection } from './check-connection.ts'

test('says what answered, and closes what it opened', async () => {
  const run = memoryRun()
  assert.deepEqual(await checkConnection(run.plan.source, 'source', run.context), {
    ok: true,
    message: 'memory',
  })
  assert.deepEqual(await checkConnection(run.plan.store, 'store', run.context), {
    ok: true,
    message: 'memory',
  })
  assert.deepEqual(
    run.steps.filter((step) => step.endsWith('.close')),
    ['source.close', 'store.close'],
  )
})

test('says what is wrong, once, by the truer error when one is known', async () => {
  let opened = 0
  const at = (): void => {
    opened++
    throw new BulkheadError({ kind: 'transient', code: 'memory-down', message: 'Down' })
  }
  const failing = memoryRun({ at })
  const outcome = await checkConnection(failing.plan.source, 'source', failing.context)
  assert.ok(!outcome.ok)
  assert.equal(outcome.error.code, 'memory-down')
  assert.equal(opened, 1)
  const refusal = new BulkheadError({ kind: 'policy', code: 'network-refused', message: 'No' })
  const refused = memoryRun({ at, context: { diagnose: () => refusal } })
  assert.deepEqual(await checkConnection(refused.plan.store, 'store', refused.context), {
    ok: false,
    error: refusal,
  })
})

test('takes a connector without the role for what it is', async () => {
  const run = memoryRun()
  const outcome = await checkConnection(run.plan.source, 'store', {
    ...run.context,
    load: async () => ({ ...(await run.context.load(run.plan.source.connector)), store: undefined }) as never,
  })
  assert.ok(!outcome.ok)
  assert.equal(outcome.error.code, 'connector-role-missing')
})
