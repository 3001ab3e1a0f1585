import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { BulkheadError } from '@bulkhead/connector-sdk'
import { sweepTemporaryFolders, temporaryFolder, type TemporaryFolder } from './temporary-folder.ts'

async function rootOf(t: TestContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'bulkhead-temporary-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  return join(root, 'below')
}

function open(root: string, limitBytes = 1000, onExceeded?: (error: BulkheadError) => void): TemporaryFolder {
  return temporaryFolder({ root, limitBytes, onExceeded: onExceeded ?? (() => assert.fail()) })
}

test('is made when it is asked for, once, for its owner alone, and removed with all that is in it', async (t) => {
  const root = await rootOf(t)
  {
    await using folder = open(root)
    await assert.rejects(stat(root))
    const path = await folder.path()
    assert.equal(await folder.path(), path)
    assert.equal((await stat(path)).mode & 0o777, 0o700)
    await mkdir(join(path, 'a/b'), { recursive: true })
    await writeFile(join(path, 'a/b/c'), 'x')
  }
  assert.deepEqual(await readdir(root), [])
})

test('refuses bytes beyond its limit before they are written', async (t) => {
  await using folder = open(await rootOf(t), 1000)
  folder.reserve(600)
  folder.reserve(400)
  assert.throws(() => folder.reserve(1), { code: 'temporary-space-exhausted', kind: 'policy' })
})

test('notices files that grow without being counted', async (t) => {
  const exceeded = Promise.withResolvers<BulkheadError>()
  await using folder = open(await rootOf(t), 1000, (error) => exceeded.resolve(error))
  await mkdir(join(await folder.path(), 'spill'))
  await writeFile(join(await folder.path(), 'spill/file'), Buffer.alloc(1001))
  const alive = setTimeout(() => undefined, 10_000)
  assert.equal((await exceeded.promise).code, 'temporary-space-exhausted')
  clearTimeout(alive)
})

test('goes into no folder that others can write to, nor through a link', async (t) => {
  const root = await rootOf(t)
  await mkdir(root, { recursive: true })
  await chmod(root, 0o777)
  await symlink(root, `${root}-link`)
  for (const place of [root, `${root}-link`]) {
    await using folder = open(place)
    await assert.rejects(folder.path(), { code: 'state-folder-unusable', kind: 'environment' })
  }
  assert.deepEqual(await readdir(root), [])
})

test('sweeps what dead processes left, and nothing of living ones or of other machines', async (t) => {
  const root = await rootOf(t)
  const child = spawn(
    process.execPath,
    [
      '--conditions=@bulkhead/source',
      '--input-type=module',
      '-e',
      `import { temporaryFolder } from ${JSON.stringify(join(import.meta.dirname, 'temporary-folder.ts'))}
       const folder = temporaryFolder({ root: ${JSON.stringify(root)}, limitBytes: 1, onExceeded() {} })
       console.log(await folder.path())
       setInterval(() => {}, 1000)`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const ofChild = String(line).trim()
  await using own = open(root)
  const ofOwn = await own.path()
  const foreign = join(root, 'bulkhead-elsewhere-1-1-1-abc')
  await mkdir(foreign)

  assert.equal(await sweepTemporaryFolders(root), 0)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(await sweepTemporaryFolders(root), 1)
  await assert.rejects(stat(ofChild))
  await stat(ofOwn)
  await stat(foreign)
})

test('sweeps a folder that was never made without complaint', async (t) => {
  assert.equal(await sweepTemporaryFolders(join(await rootOf(t), 'nothing')), 0)
})
