import assert from 'node:assert/strict'
import { test } from 'node:test'
import { someOf } from './culprits.ts'
import { runIsolation } from './run-isolation.ts'

test('an application that hangs, spins, exhausts its memory or crashes is felt by no other', async (t) => {
  const seed = Math.floor(Math.random() * 1_000_000)
  t.diagnostic(`seed ${seed}`)
  const { faults, turns } = await runIsolation({
    seed,
    culprits: someOf(['hangs', 'spins', 'exhausts-heap', 'exhausts-buffers', 'crashes']),
    others: 9,
    runs: 1,
    settleMs: 120_000,
    tell: (line) => t.diagnostic(line),
  })
  assert.equal(turns.length, 5)
  assert.deepEqual(faults, [])
})
