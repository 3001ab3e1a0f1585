/** The short form; the long one is `npm run test:chaos -- --kills 200 --seed N`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import '../support/kafka.ts'
import '../support/postgres.ts'
import '../support/s3.ts'
import { killsOf } from './disturb.ts'
import { runChaos } from './run-chaos.ts'
import { tallyText } from './tally-text.ts'

test('no request is lost or done twice while servers and runners are killed, and nothing is left of them', async (t) => {
  const seed = Number(process.env['BULKHEAD_TEST_SEED'] ?? Date.now() % 1_000_000)
  t.diagnostic(`seed ${seed}`)
  const result = await runChaos(t, {
    seed,
    applications: 3,
    requests: 160,
    kills: 10,
    servers: 2,
    perSecond: 20,
    settleMs: 90_000,
    tell: (line) => t.diagnostic(line),
  })
  const text = tallyText(result)
  assert.deepEqual([...result.tally.faults, ...result.stuck], [], `seed ${seed}\n${text}`)
  assert.ok(killsOf(result.disturbances) >= 5, `seed ${seed}: a calm run proves nothing\n${text}`)
})
