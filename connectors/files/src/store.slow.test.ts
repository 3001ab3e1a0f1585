import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { testContext } from '@bulkhead/connector-sdk/testing'
import { fromSystem } from './errors.ts'
import { PARTS_FOLDER, sweepPartFiles } from './part-files.ts'
import { openStore } from './store.ts'

const signal = new AbortController().signal
const failsWith = (code: string) => (error: unknown) => isBulkheadError(error) && error.code === code

async function emptyFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-files-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

const open = (folder: string, createFolder = false) =>
  openStore(testContext({ config: { folder, createFolder } }))
const object = (key: string) => ({ key, contentType: 'text/csv', maxBytes: undefined })

/** Runs `store-writer.test-process.ts`, which writes an object until something stops it. */
function writer(folder: string, bytes: number, prefix: readonly string[] = []) {
  const program = join(import.meta.dirname, 'store-writer.test-process.ts')
  const command = [
    ...prefix,
    process.execPath,
    '--conditions=@bulkhead/source',
    program,
    folder,
    String(bytes),
  ]
  return spawn(command[0] ?? '', command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] })
}

async function outputOf(child: ReturnType<typeof writer>): Promise<string> {
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  await once(child, 'close')
  return text.trim()
}

test('never overwrites: neither what was there before nor what came meanwhile', async (t) => {
  const folder = await emptyFolder(t)
  await using store = await open(folder)
  const [first, second] = await Promise.all([
    store.create(object('run/a.csv'), signal),
    store.create(object('run/a.csv'), signal),
  ])
  await first.writePart(1, Buffer.from('first'), signal)
  await second.writePart(1, Buffer.from('second'), signal)
  await first.complete(signal)
  await assert.rejects(second.complete(signal), failsWith('files-object-exists'))
  await second.abort()
  const large = await store.create(object('run/a.csv'), signal)
  await assert.rejects(
    large.writePart(2, Buffer.from('third'), signal),
    failsWith('files-object-exists'),
    'a large one is told before all of it is written',
  )
  await large.abort()
  assert.equal(await readFile(join(folder, 'run/a.csv'), 'utf8'), 'first')
  assert.deepEqual(await readdir(folder, { recursive: true }), ['run', 'run/a.csv'])
})

test('many runs of a process write at once, while others take the folder of unfinished files away', async (t) => {
  const folder = await emptyFolder(t)
  const writeOne = async (run: number): Promise<void> => {
    await using store = await open(folder)
    for (let file = 0; file < 20; file++) {
      const upload = await store.create(object(`run-${run}/${file}.csv`), signal)
      await upload.writePart(1, Buffer.from('id\n1\n'), signal)
      await upload.complete(signal)
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, run) => writeOne(run)))
  assert.equal((await readdir(folder)).length, 8, 'the folders of the runs, and nothing unfinished')
})

test('leaves nothing when it is aborted while it completes, also when the name is there already', async (t) => {
  const folder = await emptyFolder(t)
  await using store = await open(folder)
  for (let attempt = 0; attempt < 20; attempt++) {
    const key = `run-${attempt}/a.csv`
    const upload = await store.create(object(key), signal)
    await upload.writePart(1, Buffer.from('half a result'), signal)
    let isComplete = false
    const completing = upload.complete(signal).then(() => (isComplete = true))
    completing.catch(() => undefined)
    while (!isComplete && !existsSync(join(folder, key))) await new Promise(setImmediate)
    const wasComplete = isComplete
    await upload.abort()
    if (wasComplete) {
      await store.remove({ key, location: '', bytes: 13 }, signal)
      continue
    }
    await assert.rejects(completing)
    assert.deepEqual(await readdir(folder, { recursive: true }), [])
  }
})

test('makes the folder only when told so', async (t) => {
  const folder = join(await emptyFolder(t), 'a/b')
  await assert.rejects(open(folder), failsWith('files-folder-missing'))
  await using store = await open(folder, true)
  assert.match(await store.check(signal), /is writable/)
})

test('refuses keys that leave the folder, by name or by link', async (t) => {
  const outside = await emptyFolder(t)
  const folder = await emptyFolder(t)
  await symlink(outside, join(folder, 'run'))
  await using store = await open(folder)
  for (const key of [
    '../a',
    'run/../../a',
    '/a',
    'a//b',
    'a/\0',
    'a/\n',
    `a/${'x'.repeat(256)}`,
    `${PARTS_FOLDER}/a`,
  ]) {
    await assert.rejects(
      store.create(object(key), signal),
      failsWith('files-key-invalid'),
      JSON.stringify(key),
    )
  }
  const upload = await store.create(object('run/a.csv'), signal)
  await upload.writePart(1, Buffer.from('x'), signal)
  await assert.rejects(upload.complete(signal), failsWith('files-outside-folder'))
  await upload.abort()
  await assert.rejects(
    store.remove({ key: 'run/a.csv', location: '', bytes: 0 }, signal),
    failsWith('files-outside-folder'),
  )
  assert.deepEqual(await readdir(outside), [])
})

test('a full disk is an error of the environment, and leaves nothing', async (t) => {
  // A file system of 1 MiB, in a mount namespace of the child's own: no rights are needed where users may make one.
  const folder = await emptyFolder(t)
  const script = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"'
  const prefix = ['unshare', '-Urm', 'sh', '-c', script, folder]
  try {
    execFileSync('unshare', ['-Urm', 'sh', '-c', `${script.replace('exec "$@"', 'true')}`, folder], {
      stdio: 'ignore',
    })
  } catch {
    t.skip('this machine lets nobody mount a small file system')
    return
  }
  assert.equal(await outputOf(writer(folder, 3_000_000, prefix)), 'environment files-disk-full left:')
})

test('a full device is told by the error of the operating system', async () => {
  await assert.rejects(writeFile('/dev/full', 'x'), (error) => {
    const mapped = fromSystem(error, 'Cannot write run/a.csv', 'write')
    assert.equal(mapped.code, 'files-disk-full')
    assert.equal(mapped.message, 'Cannot write run/a.csv: no space is left on the disk')
    return true
  })
})

test('a limit on the size of files is an error of the environment, and leaves nothing', async (t) => {
  const folder = await emptyFolder(t)
  const prefix = ['sh', '-c', 'ulimit -f 100 && exec "$0" "$@"'] // 100 blocks of 512 or 1024 bytes
  assert.equal(await outputOf(writer(folder, 3_000_000, prefix)), 'environment files-size-limit left:')
})

test('a folder that may not be written is an error of the environment', async (t) => {
  const folder = await emptyFolder(t)
  await chmod(folder, 0o555)
  if (process.getuid?.() === 0) {
    // root may write anywhere, unless it is taken that right.
    const prefix = ['setpriv', '--bounding-set=-dac_override']
    assert.equal(await outputOf(writer(folder, 10, prefix)), 'environment files-not-writable left:')
    return
  }
  await using store = await open(folder)
  await assert.rejects(store.check(signal), failsWith('files-not-writable'))
})

test('what a killed run left half-written is removed by the next one', async (t) => {
  const folder = await emptyFolder(t)
  const child = writer(folder, -1)
  await once(child.stdout, 'data')
  assert.equal((await readdir(join(folder, PARTS_FOLDER))).length, 1)
  {
    await using store = await open(folder)
    assert.match(await store.check(signal), /writable/)
    assert.equal((await readdir(join(folder, PARTS_FOLDER))).length, 1, 'that of a living run is kept')
  }
  child.kill('SIGKILL')
  await once(child, 'close')
  await using store = await open(folder)
  assert.match(await store.check(signal), /writable/)
  assert.deepEqual(await readdir(folder), [])
})

test('a sweep takes the part file of a living run, which then cannot complete', async (t) => {
  const folder = await emptyFolder(t)
  await using store = await open(folder)
  const upload = await store.create(object('run/a.csv'), signal)
  await upload.writePart(1, Buffer.from('late'), signal)
  await mkdir(join(folder, 'run/sub'), { recursive: true })
  await writeFile(join(folder, 'run/sub/b.csv'), 'complete')
  await store.sweep('run', signal)
  await assert.rejects(upload.complete(signal))
  await upload.abort()
  assert.deepEqual(await readdir(folder), [])
  for (const outside of ['..', '', PARTS_FOLDER])
    await assert.rejects(store.sweep(outside, signal), failsWith('files-key-invalid'))
})

test('a part file of another machine is removed only after a day', async (t) => {
  const folder = await emptyFolder(t)
  const path = join(folder, PARTS_FOLDER, `0123456789abcdef-1-1-${'0'.repeat(32)}.part`)
  await mkdir(join(folder, PARTS_FOLDER))
  await writeFile(path, 'x')
  const now = Date.now()
  await utimes(path, new Date(now), new Date(now - 23 * 3_600_000))
  assert.equal(await sweepPartFiles(folder, now), 0)
  assert.equal(await sweepPartFiles(folder, now + 2 * 3_600_000), 1)
  assert.deepEqual(await readdir(folder), [])
})

test('a link to an object that is gone says so', async (t) => {
  await using store = await open(await emptyFolder(t))
  const link = store.link(
    { key: 'run/a.csv', location: '', bytes: 1 },
    { expiresInSeconds: 60, fileName: 'a.csv', contentType: 'text/csv' },
  )
  await assert.rejects(link, failsWith('files-object-missing'))
})
