import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { someOf } from '../isolation/culprits.ts'
import { runIsolation } from '../isolation/run-isolation.ts'

test('a wall that leaks is found by the suite of isolation', async (t) => {
  const { faults } = await runIsolation({
    seed: 1,
    culprits: someOf(['exits']),
    others: 3,
    runs: 1,
    settleMs: 120_000,
    agent: pathToFileURL(join(import.meta.dirname, '../isolation/leaky-wall.ts')),
    tell: (line) => t.diagnostic(line),
  })
  assert.match(faults.join('\n'), /the server died/)
})
