import assert from 'node:assert/strict'
import { test } from 'node:test'
import { someOf } from './culprits.ts'
import { runIsolation } from './run-isolation.ts'

test('an application that is broken itself, or whose systems are, or that fills its disk is felt by no other', async (t) => {
  const seed = Math.floor(Math.random() * 1_000_000)
  t.diagnostic(`seed ${seed}`)
  const { faults, turns } = await runIsolation({
    seed,
    culprits: someOf(['broken-connector', 'broken-manifest', 'wrong-password', 'slow-source', 'fills-disk']),
    others: 9,
    runs: 1,
    settleMs: 120_000,
    tell: (line) => t.diagnostic(line),
  })
  assert.equal(turns.length, 5)
  assert.deepEqual(faults, [])
})
