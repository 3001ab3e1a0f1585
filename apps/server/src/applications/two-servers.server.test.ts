/** Servers that share a PostgreSQL serve the same revisions of applications. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createDatabase } from '../../../../test/support/postgres.ts'
import { openRepository } from '../repository/open-repository.ts'
import type { Repository } from '../repository/repository.ts'
import { openWorld, served, serveTheSame, untilServed, writeShop } from './applications.test-support.ts'

/** What each of two servers has of one database. */
async function bothOf(t: TestContext): Promise<readonly [Repository, Repository]> {
  const { url } = await createDatabase(t)
  const open = (): Promise<Repository> =>
    openRepository(
      { postgres: { url, schema: 'bulkhead', connections: 4, tls: false } },
      { stateFolder: '', memoryMs: 86_400_000, log: () => undefined },
    )
  const both = [await open(), await open()] as const
  t.after(async () => {
    for (const one of both) await one[Symbol.asyncDispose]()
  })
  return both
}

test('servers of one PostgreSQL serve the same, whichever has the folder', async (t) => {
  const [repository, other] = await bothOf(t)
  const world = await openWorld(t, repository)
  await serveTheSame(world, other)
})

test('two servers whose folders hold the same bring every revision once', async (t) => {
  const [repository, other] = await bothOf(t)
  const world = await openWorld(t, repository)
  const copies = [world.apps, join(world.folder, 'copy')]
  const write = (description: string): Promise<unknown> =>
    Promise.all(copies.map((copy) => writeShop(join(copy, 'a'), 'a', description)))
  await write('one')
  const [first, second] = await Promise.all([
    world.start(),
    world.start({ apps: copies[1] ?? '', state: 'state-2', repository: other }),
  ])
  for (const description of ['two', 'three']) {
    await write(description)
    for (const one of [first, second]) await untilServed(world, one, 'a', description)
  }
  const { items } = await other.revisions({ application: 'a', most: 10 })
  assert.deepEqual(
    items.map(({ number, isCurrent }) => `${number} ${isCurrent}`),
    ['3 true', '2 false', '1 false'],
  )
  assert.deepEqual(served(first), served(second))
})

test('two servers that see the same revision die go back once', async (t) => {
  const [repository, other] = await bothOf(t)
  const world = await openWorld(t, repository)
  await writeShop(join(world.apps, 'a'), 'a', 'one')
  const first = await world.start()
  const second = await world.start({ state: 'state-2', repository: other })
  await writeShop(join(world.apps, 'a'), 'a', 'crashes')
  for (const one of [first, second]) await untilServed(world, one, 'a', 'crashes')
  await Promise.all(
    [first, second].map(async (each) => {
      const one = each.get('a')
      assert.ok(one)
      await each.crashed(one, 'exit code 1')
    }),
  )
  for (const one of [first, second]) await untilServed(world, one, 'a', 'one')
  const { items } = await repository.events({ application: 'a', after: 0, most: 10 })
  assert.deepEqual(
    items.map(({ type }) => type),
    ['revision-applied', 'revision-applied', 'revision-set-aside'],
  )
})
