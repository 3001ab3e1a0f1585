import assert from 'node:assert/strict'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { platformSchema } from '@bulkhead/contract'
import { writeApplication } from '../../../../test/support/application-folder.ts'
import { openWorld, type World } from '../applications/applications.test-support.ts'
import { createTriggers } from './create-triggers.ts'
import { intakeTo } from './folder/folder.test-support.ts'

const { spec: platform } = platformSchema.parse({
  apiVersion: 'bulkhead.dev/v1beta1',
  kind: 'Platform',
  spec: {},
})

async function write(world: World, name: string, triggers: object, description = ''): Promise<void> {
  await writeApplication(join(world.apps, name), name, { description, triggers } as object)
}

const inbox = (path: string): object => ({ folder: { path, settle: 'PT0.1S' } })

async function startAll(t: TestContext, world: World) {
  const applications = await world.start()
  const taken: string[] = []
  const triggers = createTriggers({
    applications,
    intake: intakeTo((id, { application }) => void taken.push(`${application} ${id}`)),
    repository: world.repository,
    clusters: new Map(),
    platform,
    log: { debug: () => {}, info: () => {}, warn: () => {} },
    now: Date.now,
  })
  t.after(() => triggers.stop())
  triggers.start()
  const running = (): readonly string[] =>
    triggers.status().map(({ application, trigger, instance }) => `${application}/${trigger} ${instance}`)
  return {
    applications,
    taken,
    running,
    /** Waits until these run: of which start each is, by its number. */
    until: (...expected: readonly string[]) =>
      world.until(`${expected.join(', ')} in place of ${running().join(', ')}`, () =>
        JSON.stringify(running().toSorted()) === JSON.stringify(expected.toSorted()) ? true : undefined,
      ),
    drop: async (name: string, path: string, requestId: string) => {
      const folder = join(world.apps, name, path)
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, `.${requestId}`), JSON.stringify({ requestId, job: 'rows' }))
      await rename(join(folder, `.${requestId}`), join(folder, `${requestId}.json`))
      await world.until(requestId, () => taken.includes(`${name} ${requestId}`) || undefined)
    },
  }
}

test('a change of an application starts those of its triggers anew that it changes, and none of another', async (t) => {
  const world = await openWorld(t)
  for (const name of ['a', 'b']) await write(world, name, { one: inbox('in/one'), two: inbox('in/two') })
  const { applications, taken, until, drop } = await startAll(t, world)
  await until('a/one 1', 'a/two 2', 'b/one 3', 'b/two 4')
  await drop('a', 'in/one', 'first')

  await write(world, 'b', { one: inbox('in/one'), two: inbox('in/other') })
  await until('a/one 1', 'a/two 2', 'b/one 3', 'b/two 5')
  await drop('b', 'in/other', 'second')
  // what is no part of a trigger moves none
  await write(world, 'b', { one: inbox('in/one'), two: inbox('in/other') }, 'described')
  await world.until(
    'the description',
    () => applications.get('b')?.application.manifest.spec.description === 'described' || undefined,
  )
  await until('a/one 1', 'a/two 2', 'b/one 3', 'b/two 5')

  await write(world, 'b', { one: inbox('in/one') })
  await until('a/one 1', 'a/two 2', 'b/one 3')
  await write(world, 'c', { one: inbox('in') })
  await until('a/one 1', 'a/two 2', 'b/one 3', 'c/one 6')
  await drop('c', 'in', 'third')
  await rm(join(world.apps, 'b/application.yaml'))
  await until('a/one 1', 'a/two 2', 'c/one 6')
  await drop('a', 'in/two', 'fourth')
  assert.deepEqual(taken, ['a first', 'b second', 'c third', 'a fourth'])
})

test('a trigger that is moved back and forth at once ends as it was wanted last, and runs once', async (t) => {
  const world = await openWorld(t)
  for (const name of ['a', 'b']) await write(world, name, { one: inbox('in') })
  const { applications, running, drop } = await startAll(t, world)
  for (const path of ['x', 'y', 'x', 'in', 'z']) {
    await write(world, 'b', { one: inbox(path) })
    await world.until(path, () => {
      const trigger = applications.get('b')?.application.manifest.spec.triggers['one']
      return trigger !== undefined && 'folder' in trigger && trigger.folder.path === path ? true : undefined
    })
  }
  await drop('b', 'z', 'last')
  assert.equal(running().filter((one) => one.startsWith('b/')).length, 1)
  assert.ok(running().includes('a/one 1'))
})
