import assert from 'node:assert/strict'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bulkhead, checkout, launcher, startBulkhead, systemNode, temporaryFolder } from './command.ts'

const version = (
  JSON.parse(readFileSync(join(checkout, 'apps/cli/package.json'), 'utf8')) as { version: string }
).version

test('the command starts from any folder', async (t) => {
  for (const folder of ['/', temporaryFolder(t), join(checkout, 'apps/cli/bin')])
    assert.deepEqual(await bulkhead(['--version'], { folder }), {
      code: 0,
      signal: null,
      stdout: `${version}\n`,
      stderr: '',
    })
})

test('the command starts through links to links, by name and by a relative path', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'with space'))
  symlinkSync(launcher, join(folder, 'with space', 'one'))
  symlinkSync('one', join(folder, 'with space', 'two'))
  symlinkSync('with space/two', join(folder, 'three'))
  for (const [command, at] of [
    [join(folder, 'three'), '/'],
    ['./three', folder],
    ['with space/two', folder],
  ] as const) {
    const { code, stdout } = await bulkhead(['--version'], { program: [command], folder: at })
    assert.deepEqual([code, stdout], [0, `${version}\n`], command)
  }
})

test('an older Node hands over, with arguments, streams and exit code as they are', async (t) => {
  const node = systemNode()
  if (node === undefined) return t.skip('no Node outside node_modules in PATH')
  const done = await bulkhead(['--version'], { program: [node, launcher], folder: '/' })
  assert.deepEqual([done.code, done.stdout, done.stderr], [0, `${version}\n`, ''])
  const refused = await bulkhead(['explain', 'no such code'], { program: [node, launcher] })
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /no such code/)
})

test('an older Node hands signals over, and ends by them like any program', async (t) => {
  const node = systemNode()
  if (node === undefined) return t.skip('no Node outside node_modules in PATH')
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    const state = temporaryFolder(t)
    const { child, ended } = startBulkhead(['serve-files', '--port', '0'], {
      program: [node, launcher],
      environment: { XDG_STATE_HOME: state },
    })
    await new Promise<void>((told) => child.stderr?.once('data', () => told()))
    child.kill(signal)
    assert.equal((await ended).code, code, signal)
  }
})

test('npx finds the command in the checkout', async () => {
  const { code, stdout, stderr } = await bulkhead(['--version'], {
    program: ['npx', '--no', '--', 'bulkhead'],
  })
  assert.deepEqual([code, stdout], [0, `${version}\n`], stderr)
})

test('compiled code is kept in the cache folder of the user', async (t) => {
  const folder = temporaryFolder(t)
  await bulkhead(['--version'], { environment: { XDG_CACHE_HOME: folder, NODE_COMPILE_CACHE: undefined } })
  assert.notEqual(readdirSync(join(folder, 'bulkhead/compiled')).length, 0)
})

test('a cache folder that cannot be written harms nothing', async (t) => {
  const file = join(temporaryFolder(t), 'a file')
  writeFileSync(file, '')
  const { code, stderr } = await bulkhead(['--version'], {
    environment: { XDG_CACHE_HOME: file, NODE_COMPILE_CACHE: undefined },
  })
  assert.deepEqual([code, stderr], [0, ''])
  const homeless = await bulkhead(['--version'], {
    environment: { XDG_CACHE_HOME: undefined, HOME: undefined, NODE_COMPILE_CACHE: undefined },
  })
  assert.equal(homeless.code, 0)
})

test('without a Node that is new enough the command says what to do', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'package/bin'), { recursive: true })
  cpSync(launcher, join(folder, 'package/bin/bulkhead'))
  mkdirSync(join(folder, 'old'))
  writeFileSync(join(folder, 'old/node'), '#!/bin/sh\necho false\n')
  chmodSync(join(folder, 'old/node'), 0o755)
  const program = [join(folder, 'package/bin/bulkhead')] as const
  const system = '/usr/bin:/bin'
  const { code, stderr, stdout } = await bulkhead(['--version'], {
    program: [...program],
    environment: { PATH: `${join(folder, 'old')}:${system}` },
  })
  assert.deepEqual([code, stdout], [3, ''])
  assert.match(stderr, /^error: Bulkhead needs Node 24\.6 or newer.*\n {2}code: node-missing\n {2}fix: /)
  const named = await bulkhead(['--version'], {
    program: [...program],
    environment: { BULKHEAD_NODE: join(folder, 'old/node') },
  })
  assert.equal(named.code, 3)
  assert.match(named.stderr, /BULKHEAD_NODE/)
})

test('an installed package without sources runs what was built', async (t) => {
  const folder = temporaryFolder(t)
  const installed = join(folder, 'node_modules/@bulkhead/cli')
  mkdirSync(join(installed, 'dist'), { recursive: true })
  cpSync(join(checkout, 'apps/cli/bin'), join(installed, 'bin'), { recursive: true })
  writeFileSync(join(installed, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(installed, 'dist/main.js'),
    'console.log(JSON.stringify([process.execArgv, process.argv.slice(2)]))',
  )
  const nodes = join(checkout, 'node_modules')
  const own = readdirSync(nodes).find(
    (name) => /^node-(linux|darwin)-/.test(name) && existsSync(join(nodes, name, 'bin/node')),
  )
  if (own === undefined) return t.skip('the Node of this platform is not installed')
  symlinkSync(join(nodes, own), join(folder, 'node_modules', own))
  const { code, stdout } = await bulkhead(['a b', '*', '--x="y"'], {
    program: [join(installed, 'bin/bulkhead')],
  })
  assert.deepEqual([code, JSON.parse(stdout)], [0, [['--max-semi-space-size=4'], ['a b', '*', '--x="y"']]])
})
