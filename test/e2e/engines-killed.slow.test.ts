import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { filesBelow } from './command.ts'
import { killInApplies, killInRollOuts, startKilledWorld, whileUsed } from './engines-killed.ts'

for (const [what, kill] of [
  ['a roll-out', killInRollOuts],
  ['an apply', killInApplies],
] as const)
  test(`a server that is killed in ${what} has all of it afterwards or nothing, told once, and loses no request`, async (t) => {
    const world = await startKilledWorld(t, [{}])
    await whileUsed(world, () => kill(world))
  })

test('planted: a roll-out of which a half is there after the death of its server is seen', async (t) => {
  const world = await startKilledWorld(t, [{}])
  const halved = {
    ...world,
    killAt: (...[moment, change, seen]: Parameters<typeof world.killAt>) =>
      world.killAt(moment, change, async () => {
        await seen()
        const [file] = filesBelow(join(world.folder, 'state-0')).filter((name) => name.endsWith('.sqlite'))
        assert.ok(file)
        using database = new DatabaseSync(join(world.folder, 'state-0', file))
        database.exec("UPDATE applications SET engine = '1.1.0' WHERE name = 'shop'")
      }),
  }
  await assert.rejects(killInRollOuts(halved), /engine-set before-change: 1.1.0,built-in/)
})
