import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { anyDisk, type Disk, diskOf, localDisk } from './disk.ts'
import { PARTS_FOLDER } from './part-files.ts'
import { createUpload } from './upload.ts'

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-disk-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

for (const [name, disk] of Object.entries({ anyDisk, localDisk }) satisfies [string, Disk][]) {
  test(`${name}: a file is written, and fails as the system has it`, async (t) => {
    const folder = await folderOf(t)
    const path = join(folder, 'a', 'b')
    assert.equal(await disk.mkdir(path, { recursive: true }), join(folder, 'a'))
    assert.equal(await disk.mkdir(path, { recursive: true }), undefined)
    const file = join(path, 'file')
    const handle = await disk.open(file, 'wx')
    const text = Buffer.from('0123456789'.repeat(20_000))
    assert.equal((await handle.write(text, 0, 10, 0)).bytesWritten, 10)
    const large = handle.write(text, 10, text.length - 10, 10)
    await handle.close() // waits for what is under way
    assert.equal((await large).bytesWritten, text.length - 10)
    assert.deepEqual(await readFile(file), text)
    assert.equal((await disk.stat(file)).size, text.length)
    await assert.rejects(disk.open(file, 'wx'), { code: 'EEXIST' })
    await assert.rejects(disk.stat(join(path, 'none')), { code: 'ENOENT' })
    await disk.link(file, join(path, 'other'))
    await assert.rejects(disk.link(file, join(path, 'other')), { code: 'EEXIST' })
    await disk.unlink(file)
    assert.deepEqual(await readdir(await disk.realpath(join(path, '..', 'b'))), ['other'])
  })

  test(`${name}: a file that is closed takes nothing more, and cannot close another one's`, async (t) => {
    const folder = await folderOf(t)
    const first = await disk.open(join(folder, 'first'), 'wx')
    await first.sync()
    await first.close()
    const second = await disk.open(join(folder, 'second'), 'wx')
    await first.close()
    await assert.rejects(first.write(Buffer.from('x'), 0, 1, 0), { code: 'EBADF' })
    await assert.rejects(first.sync(), { code: 'EBADF' })
    await second.write(Buffer.from('x'), 0, 1, 0)
    await second.datasync()
    await second.close()
    assert.equal(await readFile(join(folder, 'second'), 'utf8'), 'x')
  })

  test(`${name}: an object comes to its name whole, once, or not at all`, async (t) => {
    const root = await folderOf(t)
    const { signal } = new AbortController()
    const upload = () =>
      createUpload({ root, disk }, { key: 'run/rows.csv', contentType: 'text/csv', maxBytes: 1000 })
    const first = await upload()
    const second = await upload()
    const third = await upload()
    for (const one of [first, second, third]) await one.writePart(1, Buffer.from('id\n1\n'), signal)
    assert.deepEqual(await readdir(root), [PARTS_FOLDER])
    assert.equal((await first.complete(signal)).bytes, 5)
    await assert.rejects(second.complete(signal), { code: 'files-object-exists' })
    await second.abort()
    await third.abort()
    assert.deepEqual(await readdir(root, { recursive: true }), ['run', 'run/rows.csv'])
  })
}

test(
  'a file system in memory is a local one, and one that nobody knows is not',
  { skip: process.platform !== 'linux' },
  async () => {
    assert.equal(await diskOf('/dev/shm'), localDisk)
    assert.equal(await diskOf('/proc'), anyDisk)
  },
)
