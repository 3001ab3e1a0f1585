import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { culprits } from '../isolation/culprits.ts'
import { embeddedHome } from '../isolation/home.ts'
import { runIsolation } from '../isolation/run-isolation.ts'
import { someOf } from '../isolation/some-of.ts'

test('a wall that leaks is found by the suite of isolation', async (t) => {
  const { faults } = await runIsolation({
    home: await embeddedHome(),
    seed: 1,
    culprits: someOf(culprits, ['exits']),
    others: 3,
    runs: 1,
    settleMs: 120_000,
    agent: pathToFileURL(join(import.meta.dirname, '../isolation/leaky-wall.ts')),
    tell: (line) => t.diagnostic(line),
  })
  assert.match(faults.join('\n'), /the server died/)
})
