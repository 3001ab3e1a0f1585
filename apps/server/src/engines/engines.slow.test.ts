/** Engines in a folder: each is asked before it is used, and what is wrong with one concerns no other. I7, D5. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { type Engines, openEngines } from './engines.ts'

const statement = (version: string): string =>
  `console.log(${JSON.stringify(
    JSON.stringify({
      engine: 'bulkhead-runner',
      version,
      protocols: [1],
      bundles: [1],
      manifests: ['bulkhead.dev/v1beta1'],
    }),
  )})`

interface World {
  readonly folder: string
  readonly logged: string[]
  readonly write: (path: string, code: string, version?: string) => Promise<void>
  readonly open: (askMs?: number) => Engines
}

async function world(t: TestContext): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-engines-'))
  t.after(() => rm(folder, { recursive: true }))
  const logged: string[] = []
  const tell = (message: string): void => void logged.push(message)
  return {
    folder: join(folder, 'engines'),
    logged,
    async write(path, code, version = '1.1.0') {
      const home = join(folder, path)
      await mkdir(home, { recursive: true })
      const exports = { './connected': { default: './main.js' } }
      const manifest = { name: '@bulkhead/runner', version, type: 'module', exports }
      await writeFile(join(home, 'main.js'), code)
      await writeFile(join(home, 'package.json'), JSON.stringify(manifest))
    },
    open(askMs = 60_000) {
      const engines = openEngines({
        folder: join(folder, 'engines'),
        ownEntry: join(import.meta.dirname, '../../../runner/src/connected/main.ts'),
        log: { debug: tell, info: tell, warn: tell },
        everyMs: 3_600_000,
        askMs,
      })
      t.after(() => engines[Symbol.asyncDispose]())
      return engines
    },
  }
}

async function reasonOf(engines: Engines, name: string): Promise<string | undefined> {
  const state = await engines.heard(name)
  return state?.is === 'set-aside' ? state.message : state?.is
}

test('where there is no folder there is the own engine, and nothing else', async (t) => {
  const engines = (await world(t)).open()
  await engines.look()
  assert.deepEqual(engines.list(), [])
  assert.match(engines.own.label, /^built-in \d+\.\d+\.\d+.*\+[0-9a-f]{12}$/)
})

test('one that hangs is killed, and another one is used meanwhile', async (t) => {
  const { write, open } = await world(t)
  await write('engines/hangs', 'setInterval(() => undefined, 1000)')
  const engines = open(400)
  await engines.look()
  assert.deepEqual(engines.state('hangs'), { is: 'asked' })
  assert.match(String(await reasonOf(engines, 'hangs')), /did not say which build it is in 0\.4 s/)
  await write('engines/good', statement('1.1.0'))
  await write('engines/hangs-too', 'setInterval(() => undefined, 1000)')
  const patient = open()
  assert.equal(await reasonOf(patient, 'good'), 'usable')
  assert.deepEqual(patient.state('hangs-too'), { is: 'asked' })
})

test('what one says is held to its package and to this server, and bounded', async (t) => {
  const { write, open } = await world(t)
  await write('engines/good', statement('1.1.0'))
  await write('engines/liar', statement('9.9.9'))
  await write('engines/floods', `process.stdout.write('x'.repeat(2 ** 20)); ${statement('1.1.0')}`)
  await write('engines/silent', '')
  await write('engines/throws', 'throw new TypeError("x")')
  const engines = open()
  assert.equal(await reasonOf(engines, 'good'), 'usable')
  for (const [name, reason] of [
    ['liar', /says that it is version 9\.9\.9, and its package 1\.1\.0/],
    ['floods', /more than any build has to say/],
    ['silent', /does not say which build it is/],
    ['throws', /exit code 1: TypeError: x/],
  ] as const)
    assert.match(String(await reasonOf(engines, name)), reason)
})

test('names that are none, and the name of the own one, are not looked at', async (t) => {
  const { write, open } = await world(t)
  for (const name of ['built-in', '.hidden', 'UPPER', 'a b', '1.1.0'])
    await write(join('engines', name), statement('1.1.0'))
  const engines = open()
  await engines.heard('1.1.0')
  assert.deepEqual(
    engines.list().map(([name]) => name),
    ['1.1.0'],
  )
})

test('a link that is set to another build is that build from then on, and what is gone is gone', async (t) => {
  const { folder, write, open } = await world(t)
  await write('builds/one', statement('1.1.0'))
  await write('builds/two', statement('1.2.0'), '1.2.0')
  await mkdir(folder)
  await symlink('../builds/one', join(folder, 'next'))
  const engines = open()
  const versionOf = async (): Promise<string | undefined> => {
    const state = await engines.heard('next')
    return state?.is === 'usable' ? state.engine.version : state?.is
  }
  assert.equal(await versionOf(), '1.1.0')
  await symlink('../builds/two', join(folder, 'next.new'))
  await rename(join(folder, 'next.new'), join(folder, 'next'))
  assert.equal(await versionOf(), '1.2.0')
  await rm(join(folder, 'next'))
  assert.equal(await versionOf(), undefined)
})

test('one that was looked at while it was being put there is asked once more when somebody wants it', async (t) => {
  const { folder, write, open } = await world(t)
  await write('engines/next', 'import "./missing.js"')
  const engines = open()
  assert.match(String(await reasonOf(engines, 'next')), /ERR_MODULE_NOT_FOUND/)
  await writeFile(join(folder, 'next/missing.js'), statement('1.1.0'))
  assert.equal(await reasonOf(engines, 'next'), 'usable')
})
