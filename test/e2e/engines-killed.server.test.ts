import { test } from 'node:test'
import { createDatabase } from '../support/postgres.ts'
import { killInApplies, killInRollOuts, startKilledWorld, whileUsed } from './engines-killed.ts'

for (const [what, kill] of [
  ['a roll-out', killInRollOuts],
  ['an apply', killInApplies],
] as const)
  test(`of two servers one is killed in ${what}: both have all of it or nothing, told once, and no request is lost`, async (t) => {
    const { url } = await createDatabase(t)
    const repository = { BULKHEAD_PLATFORM__REPOSITORY: JSON.stringify({ postgres: { url } }) }
    const world = await startKilledWorld(t, [repository, repository])
    await whileUsed(world, () => kill(world))
  })
