import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { checkoutStatus, processesOf, sweep } from '../../scripts/test/left-behind.ts'
import { countOf, notEmpty, type Outcome, strict } from '../../scripts/test/outcome.ts'
import { runTestFiles } from '../../scripts/test/run-test-files.ts'
import { json, plant } from './plant.ts'

/** Runs one planted file of tests as `npm test` does. */
async function runPlanted(t: TestContext, text: string, timeoutMs = 20_000): Promise<readonly Outcome[]> {
  const root = await plant(t, {
    files: { 'planted.test.ts': text, 'package.json': json({ type: 'module' }) },
  })
  const signal = new AbortController().signal
  return runTestFiles([join(root, 'planted.test.ts')], { root, environment: {}, timeoutMs, signal })
}

const imports =
  "import assert from 'node:assert/strict'\nimport { after, describe, it, test } from 'node:test'\n"

test('a failing test is counted, by its name, with its error and what the file printed', async (t) => {
  const outcomes = await runPlanted(
    t,
    `${imports}
     test('holds others', async t => {
       await t.test('is fine', () => {})
       await t.test('is not', () => { console.log('seed 42'); assert.equal(1, 2, 'one is not two') })
     })
     describe('a suite', () => { it('is fine too\u2028', () => {}) })`,
  )
  assert.deepEqual(
    outcomes.map(({ name, status }) => [name, status]),
    [
      ['holds others > is fine', 'passed'],
      ['holds others > is not', 'failed'],
      ['a suite > is fine too\u2028', 'passed'],
    ],
  )
  assert.match(outcomes[1]?.detail ?? '', /one is not two[\s\S]*seed 42/)
})

test('a file without a test fails, and so does a phase without a file', async (t) => {
  const outcomes = await runPlanted(t, 'export {}\n')
  assert.match(outcomes[0]?.detail ?? '', /holds no test/)
  assert.deepEqual(countOf(notEmpty('unit', [])), { passed: 0, failed: 1, skipped: 0 })
})

test('a file that dies half-way fails, however many of its tests passed', async (t) => {
  for (const [death, reason] of [
    ["test('dies', () => process.exit(0))", /ended with code 0|holds/],
    ["test('dies', () => process.exit(7))", /ended with code 7/],
    ["test('is killed', () => process.kill(process.pid, 'SIGKILL'))", /ended with signal SIGKILL/],
    ["after(() => { throw new Error('the end is bad') })", /the end is bad/],
    ["test('goes on', () => { setTimeout(() => { throw new Error('too late') }, 20) })", /too late/],
    ["import './gone.ts'", /gone\.ts/],
  ] as const) {
    const outcomes = await runPlanted(t, `${imports}test('passes', () => assert.ok(true))\n${death}\n`)
    const failed = outcomes.filter(({ status }) => status === 'failed')
    assert.equal(failed.length, 1, death)
    assert.match(failed[0]?.detail ?? '', reason)
  }
})

test('a test that hangs, or leaves something open, is ended and fails by name', async (t) => {
  const hangs = await runPlanted(
    t,
    `${imports}test('waits for ever', () => new Promise(() => setInterval(() => {}, 9)))\n`,
    1_000,
  )
  assert.match(hangs.at(-1)?.detail ?? '', /did not end within 1 s.*waits for ever/)
  const open = await runPlanted(
    t,
    `${imports}test('leaves a timer', () => { setInterval(() => {}, 9) })\n`,
    1_000,
  )
  assert.deepEqual(
    open.map(({ status }) => status),
    ['passed', 'failed'],
  )
})

const leavesServer = `
  import { spawn } from 'node:child_process'
  test('starts a server', () => {
    const code = "require('node:net').createServer().listen(0, '127.0.0.1')"
    spawn(process.execPath, ['-e', code], { detached: true, stdio: 'ignore' }).unref()
  })`

const linux = { skip: process.platform === 'linux' ? false : 'finds processes by /proc' }

test('a server that a test leaves behind is ended, and fails the file', linux, async (t) => {
  const outcomes = await runPlanted(t, `${imports}${leavesServer}`)
  assert.match(outcomes[1]?.detail ?? '', /left process \d+ running: .*createServer/)
  assert.deepEqual(await sweep(processesOf(['planted.test.ts'])), [])
})

test(
  'a file that spoils what others share a process with is still the only one to fail',
  linux,
  async (t) => {
    const root = await plant(t, {
      files: {
        'package.json': json({ type: 'module' }),
        'a.test.ts': `${imports}test('spoils', () => { globalThis.spoiled = true })\n`,
        'b.test.ts': `${imports}test('is well alone', () => assert.equal(globalThis.spoiled, undefined))\n`,
        'c.test.ts': 'export {}\n',
        'd.test.ts': `${imports}${leavesServer}`,
      },
    })
    const run = (names: readonly string[], together: boolean): Promise<readonly Outcome[]> => {
      const files = names.map((name) => join(root, name))
      const signal = new AbortController().signal
      return runTestFiles(files, { root, environment: {}, timeoutMs: 20_000, signal, together })
    }
    const alone = await run(['a.test.ts', 'b.test.ts'], false)
    assert.deepEqual(
      alone.map(({ file, status }) => [file, status]),
      [
        ['a.test.ts', 'passed'],
        ['b.test.ts', 'passed'],
      ],
    )
    assert.deepEqual(await run(['a.test.ts', 'b.test.ts'], true), alone)
    assert.deepEqual(countOf(await run(['b.test.ts', 'c.test.ts'], true)), {
      passed: 1,
      failed: 1,
      skipped: 0,
    })
    const left = await run(['a.test.ts', 'd.test.ts'], true)
    assert.match(left.at(-1)?.detail ?? '', /left process \d+ running/)
  },
)

test('a skipped test is counted apart, and a failure on a machine that decides', async (t) => {
  const outcomes = await runPlanted(
    t,
    `${imports}test('fine', () => {})\ntest('waits', { skip: 'needs a server' }, () => {})\n`,
  )
  assert.deepEqual(countOf(outcomes), { passed: 1, failed: 0, skipped: 1 })
  assert.equal(outcomes[1]?.detail, 'needs a server')
  assert.deepEqual(countOf(strict(outcomes)), { passed: 1, failed: 1, skipped: 0 })
  // of containers alone a machine that decides may have none: it is said, and counted
  const container = { name: 'image', status: 'skipped', detail: 'No container: tried as root only' } as const
  assert.deepEqual(countOf(strict([container])), { passed: 0, failed: 0, skipped: 1 })
})

test('a file that the tests leave in the checkout is seen, ignored ones too', async (t) => {
  const folder = await plant(t, { files: { '.gitignore': 'out/\nnode_modules\n' } })
  const git = (...args: readonly string[]): void => void execFileSync('git', ['-C', folder, ...args])
  git('init', '-q')
  git('add', '.')
  git('-c', 'user.name=a', '-c', 'user.email=a@localhost', 'commit', '-q', '-m', 'all')
  assert.deepEqual(await checkoutStatus(folder), [])
  await mkdir(join(folder, 'out'))
  await writeFile(join(folder, 'out/left.csv'), '')
  await writeFile(join(folder, 'left.json'), '')
  assert.deepEqual(await checkoutStatus(folder), ['?? left.json', '!! out/left.csv'])
})

test('the whole command ends with the verdict, and its exit code says it', async (t) => {
  const tree = { copies: ['scripts'], files: { 'package.json': json({ type: 'module' }) } }
  const run = async (
    pattern: string,
    files: Record<string, string>,
  ): Promise<readonly [string | undefined, number]> => {
    const folder = await plant(t, tree, { files })
    return new Promise((resolve) => {
      execFile(process.execPath, [join(folder, 'scripts/test.ts'), pattern], (error, stdout) =>
        resolve([stdout.trimEnd().split('\n').at(-1), error === null ? 0 : Number(error.code)]),
      )
    })
  }
  const good = "import { test } from 'node:test'\ntest('good', () => {})\n"
  const bad = "import { test } from 'node:test'\ntest('bad', () => { throw new Error('bad') })\n"
  assert.deepEqual(await run('packages', { 'packages/a/src/a.test.ts': good }), ['1 passed, 0 failed', 0])
  assert.deepEqual(
    await run('packages', { 'packages/a/src/a.test.ts': good, 'packages/b/src/b.test.ts': bad }),
    ['1 passed, 1 failed', 1],
  )
  assert.deepEqual(await run('nothing-fits', { 'packages/a/src/a.test.ts': good }), ['0 passed, 1 failed', 1])
})

/** Runs the files of a planted package by `npm test`, where no tool can be found but those in `bin`. */
async function runPackage(
  t: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<{
  readonly folder: string
  readonly run: (pattern: string, more?: Readonly<Record<string, string>>) => Promise<string>
}> {
  const folder = await plant(t, {
    copies: ['scripts', 'test/support'],
    files: { 'package.json': json({ type: 'module' }), ...files },
  })
  const environment = { PATH: join(folder, 'bin'), HOME: folder, XDG_CACHE_HOME: folder }
  const run = (pattern: string, more: Readonly<Record<string, string>> = {}): Promise<string> =>
    new Promise((resolve) => {
      const options = { env: { ...environment, ...more } }
      execFile(process.execPath, [join(folder, 'scripts/test.ts'), pattern], options, (_error, stdout) =>
        resolve(stdout),
      )
    })
  return { folder, run }
}

const needsNothing = "import { test } from 'node:test'\ntest('b', () => {})\n"

test('a server that this machine cannot have skips its tests with the reason, and fails them where it counts', async (t) => {
  const { run } = await runPackage(t, {
    'packages/a/src/bucket.ts': "export * from '../../../test/support/s3.ts'\n",
    'packages/a/src/a.server.test.ts':
      "import { test } from 'node:test'\nimport { createBucket } from './bucket.ts'\ntest('a', async t => void (await createBucket(t)))\n",
    'packages/a/src/b.server.test.ts': needsNothing,
  })
  const lenient = await run('packages/a')
  assert.match(
    lenient,
    /skipped {2}packages\/a\/src\/a\.server\.test\.ts: the file as a whole \(No s3: Go is not installed/,
  )
  assert.match(lenient, /\n1 passed, 0 failed, 1 skipped\n$/)
  assert.match(await run('packages/a', { CI: 'true' }), /\n1 passed, 1 failed\n$/)
})

test('a server that does not start fails its tests with what it printed, and is not asked for by others', async (t) => {
  const { folder, run } = await runPackage(t, {
    'bin/redis-server': '#!/bin/sh\necho asked >> "$HOME/asked"\necho out of everything\nexit 1\n',
    'packages/a/src/a.server.test.ts': "import '../../../test/support/redis.ts'\n",
    'packages/a/src/b.server.test.ts': needsNothing,
  })
  await chmod(join(folder, 'bin/redis-server'), 0o755)
  assert.match(await run('packages/a/src/b'), /\n1 passed, 0 failed\n$/)
  assert.equal(existsSync(join(folder, 'asked')), false)
  const own = await run('packages/a', { BULKHEAD_TEST_REDIS: 'redis://mine' })
  assert.match(own, /It holds no test/) // it ran
  assert.equal(existsSync(join(folder, 'asked')), false)
  const failed = await run('packages/a')
  assert.match(failed, /The server redis does not run: .*it ended with code 1[\s\S]*out of everything/)
  assert.match(failed, /\n1 passed, 1 failed\n$/)
})
