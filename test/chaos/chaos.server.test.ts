/** The short form; the long one is `npm run test:chaos -- --kills 200 --seed N`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import '../support/kafka.ts'
import '../support/postgres.ts'
import '../support/s3.ts'
import { killsOf } from './disturb.ts'
import { runChaos } from './run-chaos.ts'
import { runSameInstant } from './same-instant.ts'
import { sameInstantText, tallyText } from './tally-text.ts'

const seed = Number(process.env['BULKHEAD_TEST_SEED'] ?? Date.now() % 1_000_000)

test('no request is lost or done twice while servers, runners and connections die, and nothing is left of them', async (t) => {
  t.diagnostic(`seed ${seed}`)
  const result = await runChaos(t, {
    seed,
    applications: 3,
    requests: 100,
    kills: 10,
    leastEach: 0,
    servers: 2,
    perSecond: 20,
    disturbMs: 90_000,
    stillMs: 60_000,
    tell: (line) => t.diagnostic(line),
  })
  const text = tallyText(result)
  t.diagnostic(text)
  assert.deepEqual([...result.tally.faults, ...result.stuck], [], `seed ${seed}\n${text}`)
  assert.ok(killsOf(result.disturbances) > 0, `seed ${seed}: a calm run proves nothing\n${text}`)
})

test('the same request at the same instant to two servers is run once', async (t) => {
  const result = await runSameInstant(t, {
    seed,
    applications: 2,
    requests: 40,
    stillMs: 60_000,
    tell: (line) => t.diagnostic(line),
  })
  const text = sameInstantText(result)
  t.diagnostic(text)
  assert.deepEqual([...result.tally.faults, ...result.faults], [], `seed ${seed}\n${text}`)
})
