import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { runIsolation } from './run-isolation.ts'
import { someOf } from './some-of.ts'
import { startTeam } from './team.ts'
import { teamCulprits } from './team-culprits.ts'
import '../support/kafka.ts'
import '../support/postgres.ts'
import '../support/s3.ts'

const others = 2

test('one consumer for the topics of all is found by the suite of isolation', async (t) => {
  const name = 'hangs-behind-topic'
  await using team = await startTeam(t, { others, culprits: [name] })
  const { faults } = await runIsolation({
    home: team.home,
    seed: 1,
    culprits: someOf(teamCulprits(team), [name]),
    others,
    runs: 1,
    settleMs: 120_000,
    // what waits behind a hanging application would wait for ever
    besideMs: 10_000,
    agent: pathToFileURL(join(import.meta.dirname, 'one-gate-for-all.ts')),
    tell: (line) => t.diagnostic(line),
  })
  const unanswered = faults.filter((fault) => fault.endsWith(`beside ${name}, it had no answer in time`))
  assert.equal(unanswered.length, others, faults.join('\n'))
  assert.equal(faults.filter((fault) => fault.endsWith('messages of its topic are not taken')).length, others)
})
