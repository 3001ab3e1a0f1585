/**
 * Applications change while a server runs, which is a process as its users start it: nothing is restarted, and an
 * application that nobody changed notices nothing. I7, D5, D6.
 */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { bulkhead, json, temporaryFolder } from './command.ts'
import { type ApplicationView, keepAsking, type Run, startWorld, writeShop } from './shop-world.ts'
import { until } from './until.ts'

/** Whoever uses an application that nobody changed sees this, and nothing else. */
function assertUntouched(runs: readonly (Run | undefined)[], before: ApplicationView | undefined): void {
  assert.ok(runs.length > 3, `${runs.length} runs`)
  for (const run of runs)
    assert.equal(`${run?.state} ${run?.revision}`, `completed ${before?.revision}`, JSON.stringify(run))
}

test('an application is added, changed, rolled back and removed, and another one answers all the while as before', async (t) => {
  const folder = temporaryFolder(t)
  for (const name of ['quiet', 'shop']) await writeShop(join(folder, 'apps', name), name, 'one')
  const world = await startWorld(t, folder)
  const quiet = await world.view('quiet')
  assert.equal((await world.answer('quiet'))?.state, 'completed')
  const asking = keepAsking(world, 'quiet')
  const changing = keepAsking(world, 'shop')

  const begun = performance.now()
  await world.write('added', 'new')
  const first = await until(
    'the first request to be taken',
    async () => (await world.ask('added')) ?? undefined,
  )
  t.diagnostic(`taken after ${Math.round(performance.now() - begun)} ms`)
  assert.equal((await world.ended(first)).reply?.result?.rows, 2)
  t.diagnostic(`first answer after ${Math.round(performance.now() - begun)} ms`)

  const before = await world.view('shop')
  await world.write('shop', 'two', 'export default (row) => (row.id === "1" ? row : undefined)\n')
  await until('revision 2', async () => ((await world.view('shop'))?.number === 2 ? true : undefined))
  const changed = await world.answer('shop')
  assert.equal(changed?.state, 'completed', JSON.stringify(changed?.reply))
  assert.notEqual(changed.revision, before?.revision)
  await world.write('shop', 'one')
  rmSync(join(folder, 'apps/shop/map.ts'))
  await until('revision 1 again', async () => ((await world.view('shop'))?.number === 1 ? true : undefined))
  assert.equal((await world.answer('shop'))?.revision, before?.revision)

  rmSync(join(folder, 'apps/added'), { recursive: true })
  await until('its end', async () => ((await world.ask('added')) === undefined ? true : undefined))

  assertUntouched(await asking.stop(), quiet)
  assert.deepEqual(await world.view('quiet'), quiet)
  assert.equal(world.runners('quiet'), 1)
  // who uses what was changed sees it: the check is not blind
  const seen = await changing.stop()
  assert.throws(() => assertUntouched(seen, before))
  assert.ok(seen.every((run) => run?.state === 'completed'))
  assert.ok(world.runners('shop') > 1)
})

test('a broken manifest sets its application aside with its reason, for API, command and metrics; what worked answers', async (t) => {
  const folder = temporaryFolder(t)
  for (const name of ['quiet', 'shop']) await writeShop(join(folder, 'apps', name), name, 'one')
  let world = await startWorld(t, folder)
  const shop = await world.view('shop')
  const manifest = join(folder, 'apps/shop/application.yaml')
  await writeFile(`${manifest}.tmp`, 'apiVersion: [')
  await rename(`${manifest}.tmp`, manifest)
  const isAside = async (): Promise<true | undefined> =>
    (await world.list()).setAside.some(
      ({ name, code }) => name === 'shop' && code === 'manifest-unreadable',
    ) || undefined
  await until('that it is set aside', isAside)
  const look = async (): Promise<void> => {
    const answered = await world.answer('shop')
    assert.equal(`${answered?.state} ${answered?.revision}`, `completed ${shop?.revision}`)
    assert.equal((await world.answer('quiet'))?.state, 'completed')
    assert.equal(await world.metric('bulkhead_application_set_aside{application="shop"}'), 1)
    assert.equal(await world.metric('bulkhead_application_set_aside{application="quiet"}'), 0)
    assert.equal(await world.metric('bulkhead_application_revision{application="shop"}'), 1)
    const ask = (...args: readonly string[]) =>
      bulkhead(['applications', ...args], { environment: { BULKHEAD_SERVER: world.url } })
    const [list, show, revisions] = await Promise.all([
      ask('list'),
      ask('show', 'shop', '--json'),
      ask('revisions', 'shop'),
    ])
    assert.match(list.stdout, /quiet +1 [\s\S]*shop +1 [\s\S]*set aside {2}shop: .*manifest-unreadable/)
    assert.equal(json<{ setAside: { code: string }[] }>(show).setAside[0]?.code, 'manifest-unreadable')
    assert.match(revisions.stdout, /1 {2}[0-9a-f]{12} .* folder +current/)
    assert.equal((await fetch(`${world.url}/health/ready`)).status, 200)
  }
  await look()
  await world.stop()
  world = await startWorld(t, folder)
  await until('that it is set aside after a restart', isAside)
  await look()
  await world.write('shop', 'mended')
  await until('revision 2', async () => ((await world.view('shop'))?.number === 2 ? true : undefined))
  assert.deepEqual((await world.list()).setAside, [])
  assert.equal((await world.answer('shop'))?.state, 'completed')
})

test('a command plans a change on the server, applies it by its hash, refuses it when it is stale, and takes it back', async (t) => {
  const folder = temporaryFolder(t)
  await writeShop(join(folder, 'apps/shop'), 'shop', 'one')
  const world = await startWorld(t, folder)
  const next = join(folder, 'next')
  await writeShop(join(next, 'shop'), 'shop', 'two')
  await writeShop(join(next, 'added'), 'added', 'new')
  const ask = (...args: readonly string[]) =>
    bulkhead([...args, '--json'], { environment: { BULKHEAD_SERVER: world.url } })
  const planned = json<{ hash: string; applications: { action: string }[] }>(
    await ask('plan', '--apps', next, '--server'),
  )
  assert.deepEqual(
    planned.applications.map(({ action }) => action),
    ['add', 'change'],
  )
  assert.equal((await ask('plan', '--apps', next, '--server', world.url, '--check', 'shop')).code, 4)
  const applied = await ask('apply', next, '--plan-hash', planned.hash)
  assert.equal(applied.code, 0, applied.stderr)
  assert.equal((await world.view('shop'))?.number, 2)
  // its files lie where it was applied from, and nowhere here
  assert.equal((await world.view('added'))?.number, 1)
  const stale = await ask('apply', next, '--plan-hash', planned.hash)
  assert.equal(stale.code, 2)
  assert.match(stale.stderr, /plan-stale/)
  const back = await ask('apply', '--application', 'shop', '--revision', '1')
  assert.equal(back.code, 0, back.stderr)
  assert.equal((await world.view('shop'))?.number, 1)
  assert.equal((await world.answer('shop'))?.state, 'completed')
  const revisions = json<{ items: { number: number; isCurrent: boolean; origin: string }[] }>(
    await ask('applications', 'revisions', 'shop'),
  )
  assert.deepEqual(
    revisions.items.map(({ number, isCurrent, origin }) => `${number} ${isCurrent} ${origin}`),
    ['2 false api', '1 true folder'],
  )
  assert.match((await ask('apply')).stderr, /usage/)
})

for (const [what, code, fails] of [
  ['ends its process while it is loaded', 'process.exit(3)\nexport default (row) => row\n', 'runner-died'],
  ['throws while it is loaded', 'throw new Error("x")\nexport default (row) => row\n', 'map-invalid'],
] as const)
  test(`a revision whose code ${what}, again and again, is set aside until it is mended`, async (t) => {
    const folder = temporaryFolder(t)
    for (const name of ['quiet', 'shop']) await writeShop(join(folder, 'apps', name), name, 'one')
    const world = await startWorld(t, folder)
    const quiet = await world.view('quiet')
    assert.equal((await world.answer('shop'))?.state, 'completed')
    const asking = keepAsking(world, 'quiet')
    await world.write('shop', 'two', code)
    await until('revision 2', async () => ((await world.view('shop'))?.number === 2 ? true : undefined))
    const failures: (string | undefined)[] = []
    await until('that it goes back', async () => {
      const run = await world.answer('shop')
      if (run?.state === 'completed') return true
      failures.push(run?.reply?.error?.code)
      return undefined
    })
    assert.ok(failures.length > 0 && failures.every((one) => one === fails), failures.join(' '))
    const { setAside } = await world.list()
    assert.deepEqual(
      setAside.map(({ name, number, code: why }) => `${name} ${number} ${why}`),
      ['shop 2 application-crashes'],
    )
    assert.equal((await world.view('shop'))?.number, 1)
    await world.write('shop', 'three', 'export default (row) => row // mended\n')
    await until('revision 3', async () => ((await world.view('shop'))?.number === 3 ? true : undefined))
    assert.equal((await world.answer('shop'))?.state, 'completed')
    assert.deepEqual((await world.list()).setAside, [])
    assertUntouched(await asking.stop(), quiet)
    assert.equal(world.runners('quiet'), 1)
  })
