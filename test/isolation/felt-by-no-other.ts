/** What `npm test` asks of culprits; they are shared out over files, three to a file, each of which has four minutes. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Culprit } from './culprit.ts'
import { culprits } from './culprits.ts'
import { embeddedHome, type Home } from './home.ts'
import { runIsolation } from './run-isolation.ts'
import { someOf } from './some-of.ts'

/** Few enough for the eight processes of the server, so that a busy machine starts none anew in each turn; the long form has 29. */
const others = 6

export async function feltByNoOther(t: TestContext, names: readonly string[]): Promise<void> {
  await judge(t, await embeddedHome(), someOf(culprits, names))
}

/** The same where a team has PostgreSQL, Kafka and S3, which none of the other tests load. */
export async function feltByNoTeam(t: TestContext, names: readonly string[]): Promise<void> {
  const { startTeam } = await import('./team.ts')
  const { teamCulprits } = await import('./team-culprits.ts')
  await using team = await startTeam(t, { others, culprits: names })
  await judge(t, team.home, someOf(teamCulprits(team), names))
}

async function judge(t: TestContext, home: Home, all: readonly Culprit[]): Promise<void> {
  const seed = Math.floor(Math.random() * 1_000_000)
  t.diagnostic(`seed ${seed}`)
  const { faults, turns } = await runIsolation({
    home,
    seed,
    culprits: all,
    others,
    runs: 1,
    settleMs: 120_000,
    tell: (line) => t.diagnostic(line),
  })
  assert.equal(turns.length, all.length)
  assert.deepEqual(faults, [])
}
