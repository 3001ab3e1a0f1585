import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { engineBuildAround, readEngineBuild } from './engine-build.ts'

async function folderOf(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-engine-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

const runner = 'node_modules/@bulkhead/runner'
const manifest = (version: string): string =>
  JSON.stringify({
    name: '@bulkhead/runner',
    version,
    dependencies: { vendor: '*' },
    exports: { './connected': { default: './dist/main.js' } },
  })
const installed = (version = '1.1.0'): Record<string, string> => ({
  [`${runner}/package.json`]: manifest(version),
  [`${runner}/dist/main.js`]: '1',
  'node_modules/@bulkhead/engine/package.json': '{"name":"@bulkhead/engine","version":"1.1.0"}',
  'node_modules/@bulkhead/engine/dist/index.js': '2',
  'node_modules/vendor/package.json': '{"name":"vendor","version":"3.0.0"}',
})

test('a build is found where it is installed, where it lies itself, and through a link, and is the same one', async (t) => {
  const folder = await folderOf(t, installed())
  const build = readEngineBuild(folder)
  assert.equal(build.version, '1.1.0')
  assert.match(build.identity, /^1\.1\.0\+[0-9a-f]{12}$/)
  assert.ok(build.entry.endsWith('dist/main.js'))
  await symlink(folder, `${folder}-link`)
  t.after(() => rm(`${folder}-link`))
  assert.deepEqual(readEngineBuild(`${folder}-link`), build)
  assert.deepEqual(readEngineBuild(join(folder, runner)), build)
  assert.deepEqual(engineBuildAround(build.entry), build)
})

test('two builds whose version, code, or packages differ are not the same one; where they lie makes no difference', async (t) => {
  const one = await folderOf(t, installed())
  const { identity } = readEngineBuild(one)
  const copy = await folderOf(t, {})
  await cp(one, copy, { recursive: true })
  assert.equal(readEngineBuild(copy).identity, identity)
  for (const [path, content] of [
    [`${runner}/dist/main.js`, '1;'],
    [`${runner}/dist/more.js`, ''],
    [`${runner}/package.json`, manifest('1.1.1')],
    ['node_modules/@bulkhead/engine/dist/index.js', '3'],
    ['node_modules/vendor/package.json', '{"name":"vendor","version":"3.0.1"}'],
  ] as const) {
    const other = await folderOf(t, { ...installed(), [path]: content })
    assert.notEqual(readEngineBuild(other).identity, identity, path)
  }
  // what only tests and people read
  const same = { [`${runner}/dist/main.d.ts`]: '', [`${runner}/README.md`]: '' }
  assert.equal(readEngineBuild(await folderOf(t, { ...installed(), ...same })).identity, identity)
})

test('a folder without a runner that could be started is refused with the reason', async (t) => {
  const { [`${runner}/dist/main.js`]: _, ...withoutEntry } = installed()
  for (const [files, reason] of [
    [{}, /ENOENT/],
    [{ 'package.json': '{' }, /ENOENT/],
    [withoutEntry, /ENOENT/],
    [{ ...installed(), [`${runner}/package.json`]: '{"version":"1"}' }, /nothing that a server could start/],
  ] as const) {
    const folder = await folderOf(t, files)
    assert.throws(() => readEngineBuild(folder), { code: 'engine-unusable', message: reason })
  }
})
