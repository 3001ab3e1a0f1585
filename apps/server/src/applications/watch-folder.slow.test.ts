import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { writeApplication } from '../../../../test/support/application-folder.ts'
import { writeShop } from './applications.test-support.ts'
import { type FolderWatch, watchFolder } from './watch-folder.ts'

/** Looks by hand, so that no test depends on how fast anything is. */
interface Watching extends Pick<FolderWatch, 'first' | 'look' | 'setAside'> {
  readonly root: string
  /** What was brought, in its order: `name description`, or `-name`. */
  readonly brought: string[]
  /** Milliseconds that go on by hand, too. */
  readonly clock: { now: number; onRead: number }
}

async function watching(t: TestContext, environment?: string): Promise<Watching> {
  const root = await mkdtemp(join(tmpdir(), 'bulkhead-watch-'))
  const brought: string[] = []
  const clock = { now: 0, onRead: 0 }
  const quiet = (): void => undefined
  const watch = watchFolder({
    root,
    environment,
    variables: {},
    log: { debug: quiet, info: quiet, warn: quiet },
    everyMs: 1_000_000,
    nameOf: () => undefined,
    onRead: async ({ name, manifest }) => {
      clock.now += clock.onRead
      brought.push(`${name} ${manifest.spec.description}`)
    },
    onGone: async (name) => void brought.push(`-${name}`),
    now: () => clock.now,
  })
  t.after(() => rm(root, { recursive: true, force: true }))
  return {
    root,
    brought,
    clock,
    first: () => watch.first(),
    look: () => watch.look(),
    setAside: () => watch.setAside(),
  }
}

async function looks({ look }: Watching, count: number): Promise<void> {
  for (let looked = 0; looked < count; looked++) await look()
}

/** A new application whose file of code is written piece by piece, every piece valid by itself. */
async function writeSlowly(watch: Watching, look: () => Promise<void>): Promise<void> {
  const folder = join(watch.root, 'shop')
  const pieces = ['export default (row) => row\n', '// two\n', '// three\n', '// four\n']
  await writeShop(folder, 'shop', 'whole')
  for (let size = 1; size <= pieces.length; size++) {
    await writeFile(join(folder, 'map.ts'), pieces.slice(0, size).join(''))
    await look()
  }
}

test('what is still written is not taken, and is taken when it has settled', async (t) => {
  const watch = await watching(t)
  await watch.first()
  await writeSlowly(watch, watch.look)
  assert.deepEqual(watch.brought, [])
  await looks(watch, 3)
  assert.deepEqual(watch.brought, ['shop whole'])
  await looks(watch, 5)
  assert.deepEqual(watch.brought, ['shop whole'])
})

test('a watch that takes what it sees first would be caught: it takes every piece', async (t) => {
  const watch = await watching(t)
  await writeSlowly(watch, watch.first)
  assert.equal(watch.brought.length, 4)
})

test('a change of several files is taken when the last one is there', async (t) => {
  const watch = await watching(t)
  const folder = join(watch.root, 'shop')
  await writeShop(folder, 'shop', 'one')
  await watch.first()
  // the manifest names what comes later
  await writeShop(folder, 'shop', 'two')
  await rename(join(folder, 'map.ts'), join(folder, 'later.ts'))
  await looks(watch, 4)
  assert.deepEqual(watch.brought, ['shop one'])
  assert.deepEqual(
    watch.setAside().map(({ name, code }) => `${name} ${code}`),
    ['shop file-not-found'],
  )
  await rename(join(folder, 'later.ts'), join(folder, 'map.ts'))
  await looks(watch, 3)
  assert.deepEqual(watch.brought, ['shop one', 'shop two'])
  assert.deepEqual(watch.setAside(), [])
})

test('an editor that writes beside and renames, a swapped link, and a whole folder renamed are seen', async (t) => {
  const watch = await watching(t)
  const folder = join(watch.root, 'shop')
  await writeShop(folder, 'shop', 'one')
  await watch.first()
  await writeShop(join(watch.root, '.new'), 'shop', 'two')
  await rename(join(watch.root, '.new/application.yaml'), join(folder, 'application.yaml'))
  await looks(watch, 3)
  await writeShop(join(watch.root, '.third'), 'shop', 'three')
  await rename(folder, join(watch.root, '.first'))
  await symlink(join(watch.root, '.third'), folder)
  await looks(watch, 3)
  await writeShop(join(watch.root, '.fourth'), 'shop', 'four')
  await symlink(join(watch.root, '.fourth'), join(watch.root, '.link'))
  await rename(join(watch.root, '.link'), folder)
  await looks(watch, 3)
  assert.deepEqual(watch.brought, ['shop one', 'shop two', 'shop three', 'shop four'])
})

test('only files that decide are looked at: code, queries and the overlay, also one that comes later', async (t) => {
  const watch = await watching(t, 'test')
  const folder = join(watch.root, 'shop')
  await writeShop(folder, 'shop', 'one')
  await watch.first()
  for (const name of ['README.md', 'notes.txt', 'map.ts~', '.map.ts.swp'])
    await writeFile(join(folder, name), 'x')
  await looks(watch, 3)
  assert.equal(watch.brought.length, 1)
  await writeFile(join(folder, 'map.ts'), '// changed\nexport default (row) => row\n')
  await looks(watch, 3)
  assert.equal(watch.brought.length, 2)
  await mkdir(join(folder, 'environments'))
  await writeFile(
    join(folder, 'environments/test.yaml'),
    'apiVersion: bulkhead.dev/v1beta1\nkind: Environment\nspec: {}\n',
  )
  await looks(watch, 3)
  assert.equal(watch.brought.length, 3, JSON.stringify(watch.setAside()))
})

test('one that is broken holds up no other, whichever comes first', async (t) => {
  const watch = await watching(t)
  for (const name of ['a', 'b', 'c']) await writeShop(join(watch.root, name), name, 'one')
  await watch.first()
  await writeFile(join(watch.root, 'a/application.yaml'), 'metadata: [')
  await writeShop(join(watch.root, 'b'), 'b', 'two')
  // a name that is taken, and a folder where a file should be
  await writeShop(join(watch.root, 'b-copy'), 'b', 'stolen')
  await rm(join(watch.root, 'c/map.ts'))
  await mkdir(join(watch.root, 'c/map.ts'))
  await writeShop(join(watch.root, 'd'), 'd', 'new')
  await looks(watch, 4)
  assert.deepEqual(watch.brought.slice(3), ['b two', 'd new'])
  const aside = watch.setAside().map(({ name, folder = '' }) => `${name} ${folder.slice(watch.root.length)}`)
  assert.deepEqual(aside.toSorted(), ['a /a', 'c /c', 'undefined /b-copy'])
})

test('one whose reading takes long rests ten times as long, and the others do not', async (t) => {
  const watch = await watching(t)
  const write = async (name: string, description: string): Promise<void> => {
    await writeShop(join(watch.root, name), name, description)
    await looks(watch, 3)
  }
  await watch.first()
  watch.clock.onRead = 500
  await write('slow', 'one')
  watch.clock.onRead = 0
  await write('quick', 'one')
  await write('slow', 'two')
  await write('quick', 'two')
  assert.deepEqual(watch.brought, ['slow one', 'quick one', 'quick two'])
  watch.clock.now += 4_999
  await looks(watch, 3)
  assert.equal(watch.brought.length, 3)
  watch.clock.now += 1
  await looks(watch, 3)
  assert.deepEqual(watch.brought.slice(3), ['slow two'])
})

test('an application is gone when its folder is; one folder without a manifest is broken, and all of them gone is a mishap', async (t) => {
  const watch = await watching(t)
  for (const name of ['a', 'b', 'c']) await writeShop(join(watch.root, name), name, 'one')
  await watch.first()
  await rm(join(watch.root, 'a'), { recursive: true })
  await rm(join(watch.root, 'b/application.yaml'))
  await looks(watch, 3)
  assert.deepEqual(watch.brought.slice(3), ['-a'])
  assert.deepEqual(
    watch.setAside().map(({ name, code }) => `${name} ${code}`),
    ['b application-not-found'],
  )
  await rm(join(watch.root, 'b'), { recursive: true })
  await rm(join(watch.root, 'c'), { recursive: true })
  await watch.look()
  await assert.rejects(watch.look(), { code: 'application-not-found' })
  await writeApplication(join(watch.root, 'c'), 'c', { description: 'back' } as object)
  await looks(watch, 4)
  assert.deepEqual(watch.brought.slice(4), ['-b', 'c back'])
})
