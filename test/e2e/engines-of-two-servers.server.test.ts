/** Two servers of one PostgreSQL, of which one lacks the build that an application is put on. D5. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildEngine } from '../../scripts/build/build-engine.ts'
import { createDatabase } from '../support/postgres.ts'
import { bulkhead, checkout, json, temporaryFolder } from './command.ts'
import { startWorld, writeShop } from './shop-world.ts'
import { until } from './until.ts'

const { version } = JSON.parse(readFileSync(join(checkout, 'apps/runner/package.json'), 'utf8')) as {
  readonly version: string
}

test('a server that lacks a build says so and leaves its runs to the other; back by one command at either', async (t) => {
  const folder = temporaryFolder(t)
  const { url } = await createDatabase(t)
  for (const name of ['shop', 'quiet']) await writeShop(join(folder, 'apps', name), name, 'one')
  await buildEngine(checkout, join(folder, 'engines/1.1.0'), '1.1.0')
  mkdirSync(join(folder, 'none'))
  const platform = { BULKHEAD_PLATFORM__REPOSITORY: JSON.stringify({ postgres: { url } }) }
  const start = (engines: string, state: string) =>
    startWorld(t, folder, {
      ...platform,
      BULKHEAD_ENGINES: join(folder, engines),
      XDG_STATE_HOME: join(folder, state),
    })
  const has = await start('engines', 'state')
  // results are in folders of each: it is asked at one, and shown at both
  const lacks = await start('none', 'state-2')
  const command = (world: { readonly url: string }, ...args: readonly string[]) =>
    bulkhead(['engines', ...args, '--json'], { environment: { BULKHEAD_SERVER: world.url } })

  const refused = await command(lacks, 'rollout', '1.1.0', '--apps', 'shop')
  assert.match(refused.stderr, /engine-unknown/)
  assert.equal((await command(has, 'rollout', '1.1.0', '--apps', 'shop')).code, 0)
  await until('that the other knows', async () => {
    const { items } = json<{ items: { name: string; state: string; applications: string[] }[] }>(
      await command(lacks, 'list'),
    )
    const missing = items.find(({ name }) => name === '1.1.0')
    return `${missing?.state} ${missing?.applications.join()}` === 'missing shop' ? true : undefined
  })
  await until('its word in the log', () => (/left to other servers/.test(lacks.log()) ? true : undefined))
  const enginesOf = async (name: string): Promise<readonly string[]> => {
    const runs = await Promise.all(Array.from({ length: 8 }, () => lacks.answer(name)))
    return runs.map((run) => `${run?.state} ${run?.engine?.split('+')[0]}`)
  }
  // whatever was claimed before it knew is over by then
  assert.deepEqual(new Set(await enginesOf('shop')), new Set(['completed 1.1.0 1.1.0']))
  assert.deepEqual(new Set(await enginesOf('quiet')), new Set([`completed built-in ${version}`]))
  assert.equal((await command(lacks, 'rollout', '--back')).code, 0)
  await until('the own build again', async () =>
    (await enginesOf('shop')).every((one) => one === `completed built-in ${version}`) ? true : undefined,
  )
})
