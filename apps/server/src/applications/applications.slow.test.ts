import assert from 'node:assert/strict'
import { cp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeBundle } from '@bulkhead/engine/application/bundle'
import { readApplication } from '@bulkhead/engine/application/read-application'
import type { Bundle } from '@bulkhead/contract'
import {
  openWorld,
  served,
  serveTheSame,
  untilServed,
  type World,
  writeShop,
} from './applications.test-support.ts'

async function bundleOf(folder: string): Promise<Bundle> {
  return await makeBundle(await readApplication(folder, { variables: {} }))
}

async function history(world: World, application: string): Promise<readonly string[]> {
  const { items } = await world.repository.revisions({ application, most: 20 })
  return items.map(({ number, isCurrent, fault }) => `${number}${isCurrent ? '*' : ''}${fault ? '!' : ''}`)
}

test('applications come, change and go while others stay the very same', async (t) => {
  const world = await openWorld(t)
  for (const name of ['a', 'b']) await writeShop(join(world.apps, name), name, 'one')
  const applications = await world.start()
  const other = applications.get('b')
  const told: string[] = []
  applications.onChange((name) => void told.push(name))
  await writeShop(join(world.apps, 'c'), 'c', 'new')
  await untilServed(world, applications, 'c', 'new')
  const before = applications.get('a')
  await writeShop(join(world.apps, 'a'), 'a', 'two')
  await untilServed(world, applications, 'a', 'two')
  assert.notEqual(applications.get('a')?.revision, before?.revision)
  // a run that was accepted before is held to what it was accepted with
  assert.equal(await applications.revision('a', before?.revision ?? ''), before)
  await rm(join(world.apps, 'a'), { recursive: true })
  await untilServed(world, applications, 'a', undefined)
  assert.equal(applications.get('b'), other)
  assert.deepEqual(told, ['c', 'a', 'a'])
  assert.deepEqual(await history(world, 'b'), ['1*'])
  assert.deepEqual(await history(world, 'a'), ['2', '1'])
})

test('one that does not validate, or that no run could use, is set aside with its reason; what worked is served', async (t) => {
  const world = await openWorld(t)
  for (const name of ['a', 'b']) await writeShop(join(world.apps, name), name, 'one')
  const applications = await world.start()
  const [a, b] = [applications.get('a'), applications.get('b')]
  const manifest = join(world.apps, 'a/application.yaml')
  const aside = (code: string): Promise<unknown> =>
    world.until(code, () => applications.setAside().find((one) => one.name === 'a' && one.code === code))
  await writeFile(manifest, 'apiVersion: [')
  await aside('manifest-unreadable')
  await writeShop(join(world.apps, 'a'), 'a', 'no such connector')
  await writeFile(
    manifest,
    `{"apiVersion":"bulkhead.dev/v1beta1","kind":"Application","metadata":{"name":"a"},"spec":{"owner":"o","stores":{"out":{"connector":"nowhere","config":{}}}}}`,
  )
  await aside('connector-unknown')
  await world.aFewLooks(applications)
  assert.equal(applications.get('a'), a)
  assert.equal(applications.get('b'), b)
  assert.equal(applications.setAside().length, 1)
  assert.deepEqual(await history(world, 'a'), ['1*'])
  await writeShop(join(world.apps, 'a'), 'a', 'mended')
  await untilServed(world, applications, 'a', 'mended')
  await world.until('that nothing is set aside', () => applications.setAside().length === 0 || undefined)
})

test('a restart keeps what worked, and says again why the folder is not served', async (t) => {
  const world = await openWorld(t)
  for (const name of ['a', 'b']) await writeShop(join(world.apps, name), name, 'one')
  const first = await world.start()
  const revision = first.get('a')?.revision
  await first[Symbol.asyncDispose]()
  await writeFile(join(world.apps, 'a/application.yaml'), 'apiVersion: [')
  const second = await world.start()
  assert.equal(second.get('a')?.revision, revision)
  assert.equal(second.get('a')?.baseFolder, join(world.apps, 'a'))
  assert.deepEqual(
    second.setAside().map(({ name, code }) => `${name} ${code}`),
    ['a manifest-unreadable'],
  )
})

test('a restart takes nothing back that was applied since the folder last changed', async (t) => {
  const world = await openWorld(t)
  for (const name of ['a', 'b']) await writeShop(join(world.apps, name), name, 'one')
  const first = await world.start()
  await writeShop(join(world.folder, 'other'), 'a', 'applied')
  const applied = await first.apply(await bundleOf(join(world.folder, 'other')), { actor: 'token:ann' })
  assert.equal(applied.is, 'applied')
  assert.equal(served(first)['a'], 'applied')
  await first[Symbol.asyncDispose]()
  const second = await world.start()
  assert.deepEqual(served(second), { a: 'applied', b: 'one' })
  await world.aFewLooks(second)
  assert.equal(served(second)['a'], 'applied')
  // until the folder says something new
  await writeShop(join(world.apps, 'a'), 'a', 'two')
  await untilServed(world, second, 'a', 'two')
  assert.deepEqual(await history(world, 'a'), ['3*', '2', '1'])
})

test('what was removed while no server ran is removed, unless nothing at all is left', async (t) => {
  const world = await openWorld(t)
  for (const name of ['a', 'b']) await writeShop(join(world.apps, name), name, 'one')
  await (await world.start())[Symbol.asyncDispose]()
  await rm(join(world.apps, 'a'), { recursive: true })
  const second = await world.start()
  assert.deepEqual(served(second), { b: 'one' })
  await second[Symbol.asyncDispose]()
  await rm(join(world.apps, 'b'), { recursive: true })
  assert.deepEqual(served(await world.start()), { b: 'one' })
})

test('servers of one repository serve the same, whichever has the folder', async (t) => {
  const world = await openWorld(t)
  await serveTheSame(world, world.repository)
})

test('one that does not start goes back to what worked, on every server, until it is mended', async (t) => {
  const world = await openWorld(t)
  for (const name of ['a', 'b']) await writeShop(join(world.apps, name), name, 'one')
  const first = await world.start()
  const second = await world.start({ state: 'state-2' })
  const b = first.get('b')
  await writeShop(join(world.apps, 'a'), 'a', 'crashes')
  for (const one of [first, second]) await untilServed(world, one, 'a', 'crashes')
  const crashing = first.get('a')
  assert.ok(crashing)
  await first.crashed(crashing, 'exit code 1')
  for (const one of [first, second]) {
    await untilServed(world, one, 'a', 'one')
    const [aside, ...others] = one.setAside()
    assert.deepEqual(others, [])
    assert.equal(`${aside?.name} ${aside?.number} ${aside?.code}`, 'a 2 application-crashes')
    assert.match(aside?.message ?? '', /does not start: exit code 1/)
  }
  assert.equal(first.get('b'), b)
  await second[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
  // the folder still has it, and is no news
  const third = await world.start()
  assert.equal(served(third)['a'], 'one')
  assert.equal(third.setAside()[0]?.number, 2)
  await writeShop(join(world.apps, 'a'), 'a', 'mended')
  await untilServed(world, third, 'a', 'mended')
  assert.deepEqual(third.setAside(), [])
  assert.deepEqual(await history(world, 'a'), ['3*', '2!', '1'])
})

test('one that never worked stays, with its reason: its requests are answered with their failure', async (t) => {
  const world = await openWorld(t)
  await writeShop(join(world.apps, 'a'), 'a', 'crashes')
  const applications = await world.start()
  const [one] = applications.list()
  assert.ok(one)
  for (let time = 0; time < 3; time++) await applications.crashed(one, 'exit code 1')
  assert.deepEqual(served(applications), { a: 'crashes' })
  assert.equal(applications.setAside()[0]?.code, 'application-crashes')
  const { items } = await world.repository.events({ application: 'a', after: 0, most: 10 })
  assert.deepEqual(
    items.map(({ type }) => type),
    ['revision-applied', 'revision-set-aside'],
  )
})

test('a bundle is taken whole or not at all, and only against what it was decided for', async (t) => {
  const world = await openWorld(t)
  await writeShop(join(world.apps, 'a'), 'a', 'one')
  const applications = await world.start()
  const by = { actor: 'token:ann' }
  await writeShop(join(world.folder, 'other'), 'a', 'two')
  const bundle = await bundleOf(join(world.folder, 'other'))
  const forged = { ...bundle, files: { ...bundle.files, 'map.ts': '' } }
  await assert.rejects(applications.apply(forged, by), { code: 'manifest-unreadable' })
  const outside = { ...bundle, files: { ...bundle.files, '../outside.txt': '' } }
  await assert.rejects(applications.apply(outside, by))
  const { files, ...rest } = bundle
  const { 'map.ts': map, ...without } = files
  assert.ok(map)
  await assert.rejects(applications.apply({ ...rest, files: without }, by))
  assert.deepEqual(await history(world, 'a'), ['1*'])
  assert.equal((await applications.apply(bundle, { ...by, expected: 'another' })).is, 'stale')
  assert.equal((await applications.apply(bundle, { ...by, expected: null })).is, 'stale')
  const expected = applications.get('a')?.revision ?? null
  assert.equal((await applications.apply(bundle, { ...by, expected })).is, 'applied')
  assert.equal((await applications.apply(bundle, by)).is, 'unchanged')
  assert.equal(served(applications)['a'], 'two')
  // nothing lies about
  assert.deepEqual(await readdir(join(world.folder, 'state/bundles')), [])
})

test('an application that is copied to another folder does not speak for the first one', async (t) => {
  const world = await openWorld(t)
  await writeShop(join(world.apps, 'a'), 'a', 'one')
  const applications = await world.start()
  const a = applications.get('a')
  await cp(join(world.apps, 'a'), join(world.apps, 'a-copy'), { recursive: true })
  await world.until('that the copy is set aside', () => applications.setAside()[0])
  await world.aFewLooks(applications)
  assert.equal(applications.get('a'), a)
})
