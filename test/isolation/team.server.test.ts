import assert from 'node:assert/strict'
import { test } from 'node:test'
import '../support/kafka.ts'
import '../support/postgres.ts'
import '../support/s3.ts'
import { runIsolation } from './run-isolation.ts'
import { startTeam } from './team.ts'
import { teamCulpritNames, teamCulprits } from './team-culprits.ts'

test('an application that floods or poisons its topic, hangs behind it, or exhausts its database is felt by no other', async (t) => {
  const seed = Math.floor(Math.random() * 1_000_000)
  t.diagnostic(`seed ${seed}`)
  await using team = await startTeam(t, { others: 9, culprits: teamCulpritNames })
  const { faults, turns } = await runIsolation({
    home: team.home,
    seed,
    culprits: teamCulprits(team),
    others: 9,
    runs: 1,
    settleMs: 120_000,
    tell: (line) => t.diagnostic(line),
  })
  assert.equal(turns.length, teamCulpritNames.length)
  assert.deepEqual(faults, [])
})
