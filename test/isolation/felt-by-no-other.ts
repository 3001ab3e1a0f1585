/** What `npm test` asks of culprits; they are shared out over files, each of which has five minutes. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { culprits } from './culprits.ts'
import { embeddedHome } from './home.ts'
import { runIsolation } from './run-isolation.ts'
import { someOf } from './some-of.ts'

export async function feltByNoOther(t: TestContext, names: readonly string[]): Promise<void> {
  const seed = Math.floor(Math.random() * 1_000_000)
  t.diagnostic(`seed ${seed}`)
  const { faults, turns } = await runIsolation({
    home: await embeddedHome(),
    seed,
    culprits: someOf(culprits, names),
    others: 9,
    runs: 1,
    settleMs: 120_000,
    tell: (line) => t.diagnostic(line),
  })
  assert.equal(turns.length, names.length)
  assert.deepEqual(faults, [])
}
