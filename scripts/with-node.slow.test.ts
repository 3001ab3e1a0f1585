import assert from 'node:assert/strict'
import { execFile, type ExecFileException } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * A checkout with nothing installed. Its npm only notes that it was called and does the least that `npm ci` does: this
 * is about the launcher, and the real one needs a registry.
 */
async function freshCheckout(t: TestContext, npm = ''): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-launcher-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const name of ['scripts', 'bin']) await mkdir(join(folder, name))
  await cp(join(import.meta.dirname, 'with-node.sh'), join(folder, 'scripts/with-node.sh'))
  await writeFile(
    join(folder, 'scripts/hello.ts'),
    'const words: string[] = process.argv.slice(2)\nconsole.log(words.join())\n',
  )
  await writeFile(
    join(folder, 'package-lock.json'),
    '{"packages":{"":{},"node_modules/a":{"version":"1.0.0"}}}',
  )
  await writeFile(
    join(folder, 'bin/npm'),
    `#!/bin/sh
     echo "$@" >>npm-was-called
     ${npm}
     sleep 0.3
     mkdir -p node_modules
     cp package-lock.json node_modules/.package-lock.json`,
  )
  await chmod(join(folder, 'bin/npm'), 0o755)
  await symlink(process.execPath, join(folder, 'bin/node'))
  return folder
}

function launch(folder: string, ...args: readonly string[]): Promise<Answer> {
  const { npm_execpath: _npm, npm_node_execpath: _node, ...environment } = process.env
  const env = {
    ...environment,
    PATH: `${folder}/bin:${environment['PATH']}`,
    BULKHEAD_NODE: process.execPath,
  }
  return new Promise((resolve) => {
    execFile(
      'sh',
      [join(folder, 'scripts/with-node.sh'), ...args],
      { env, cwd: '/' },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number((error as ExecFileException).code), stdout, stderr })
      },
    )
  })
}

async function calls(folder: string): Promise<number> {
  return (await readFile(join(folder, 'npm-was-called'), 'utf8')).trim().split('\n').length
}

test('installs once for two that start together, from any folder, and says so on standard error', async (t) => {
  const folder = await freshCheckout(t)
  const [one, two] = await Promise.all([
    launch(folder, 'scripts/hello.ts', 'a b', 'c'),
    launch(folder, 'scripts/hello.ts'),
  ])
  assert.deepEqual([one.code, one.stdout, two.code, two.stdout], [0, 'a b,c\n', 0, '\n'])
  assert.match(
    one.stderr + two.stderr,
    /installing the dependencies[\s\S]*waiting for process|waiting for[\s\S]*installing/,
  )
  const third = await launch(folder, 'scripts/hello.ts')
  assert.deepEqual([third.stderr, await calls(folder)], ['', 1])
  assert.ok(!existsSync(join(folder, '.installing')))
})

test('installs again when the lock file asks for something else, not when it was only touched', async (t) => {
  const folder = await freshCheckout(t)
  await launch(folder, 'scripts/hello.ts')
  const lock = join(folder, 'package-lock.json')
  await writeFile(lock, `${await readFile(lock, 'utf8')}\n`)
  await launch(folder, 'scripts/hello.ts')
  assert.equal(await calls(folder), 1)
  await writeFile(lock, (await readFile(lock, 'utf8')).replace('1.0.0', '1.0.1'))
  await launch(folder, 'scripts/hello.ts')
  assert.equal(await calls(folder), 2)
})

test('shows what npm said when it fails, starts nothing, and leaves no lock', async (t) => {
  const folder = await freshCheckout(t, 'echo "npm error the registry is away" >&2; exit 1')
  const { code, stdout, stderr } = await launch(folder, 'scripts/hello.ts')
  assert.deepEqual([code, stdout], [3, ''])
  assert.match(
    stderr,
    /npm error the registry is away\nerror: npm ci failed[^\n]*\n {2}code: setup-failed\n {2}fix:/,
  )
  assert.ok(!existsSync(join(folder, '.installing')))
})

test('waits for an npm whose launcher was killed, and takes over from one that is dead', async (t) => {
  const folder = await freshCheckout(t)
  await symlink('999999999', join(folder, '.installing'))
  const first = await launch(folder, 'scripts/hello.ts')
  assert.equal(first.code, 0)

  await symlink(String(process.pid), join(folder, '.installing'))
  const waiting = launch(folder, 'scripts/hello.ts')
  await sleep(300)
  await rm(join(folder, '.installing'))
  assert.match((await waiting).stderr, new RegExp(`waiting for process ${process.pid}`))
  assert.equal(await calls(folder), 1)
})
