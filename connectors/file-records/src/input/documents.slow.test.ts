import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { readRequest, readRows, testContext } from '@bulkhead/connector-sdk/testing'
import fileRecords from '../index.ts'
import { failureOf, readFiles } from '../testing/read-file.ts'
import { workbook } from '../testing/workbook.ts'
import { zip } from '../testing/zip.ts'

const query = { format: { type: 'delimited' } }
const rows = [{ a: '1' }, { a: '2' }]

test('unpacks gzip, zstd and zip by the ending, or as told', async () => {
  const packed = {
    'a.csv.gz': Buffer.concat([gzipSync('a\n1\n'), gzipSync('2\n')]),
    'a.csv.zst': Buffer.concat([zstdCompressSync('a\n1\n'), zstdCompressSync('2\n')]),
    'a.zip': await zip({ 'in/a.csv': 'a\n1\n2\n' }),
  }
  for (const [name, content] of Object.entries(packed))
    assert.deepEqual(await readFiles({ [name]: content }, query), rows, name)
  assert.deepEqual(await readFiles({ x: packed['a.csv.gz'] }, { ...query, compression: 'gzip' }), rows)
})

test('reads every frame of zstd, wherever chunks of the file end', async () => {
  const frames = Array.from({ length: 300 }, (_, index) =>
    zstdCompressSync(`${index === 0 ? 'a\n' : ''}${'x'.repeat(index * 37)}\n`),
  )
  const read = await readFiles(
    { 'a.zst': Buffer.concat(frames) },
    { format: { type: 'delimited', skipEmptyLines: false } },
  )
  assert.equal(read.length, 300)
  assert.equal(read.at(-1)?.['a'], 'x'.repeat(299 * 37))
})

test('reads entries of an archive by pattern, sorted by name', async () => {
  const content = await zip({ 'b.csv': 'a\n2\n', 'a.csv': 'a\n1\n', 'readme.txt': 'x' })
  assert.deepEqual(await readFiles({ 'f.zip': content }, { ...query, entries: '*.csv' }), rows)
  const several = await failureOf(readFiles({ 'f.zip': content }, query), 'file-records-query-invalid')
  assert.equal(several.path, 'query.entries')
  const none = await failureOf(
    readFiles({ 'f.zip': content }, { ...query, entries: 'c.csv' }),
    'file-records-not-found',
  )
  assert.match(none.fix ?? '', /a\.csv/)
})

test('takes what is cut, damaged or not packed for an error, never for the end', async () => {
  const text = `a\n${Array.from({ length: 5000 }, (_, index) => `${index * 7919}\n`).join('')}`
  const gzip = gzipSync(text)
  const zstd = zstdCompressSync(text)
  const archive = await zip({ a: text })
  const wrongSum = Buffer.from(archive)
  wrongSum.writeUInt32LE(1, wrongSum.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 16)
  const broken: Readonly<Record<string, Buffer>> = {
    'cut.gz': gzip.subarray(0, -3),
    'half.gz': gzip.subarray(0, gzip.length / 2),
    'cut.zst': zstd.subarray(0, -3),
    'second.zst': Buffer.concat([zstd, zstd.subarray(0, 20)]),
    'rest.zst': Buffer.concat([zstd, Buffer.alloc(50, 65)]),
    'text.gz': Buffer.from(text),
    'text.zst': Buffer.from(text),
    'text.zip': Buffer.from(text),
    'empty.gz': Buffer.alloc(0),
    'empty.zst': Buffer.alloc(0),
    'cut.zip': archive.subarray(0, -40),
    'sum.zip': wrongSum,
  }
  for (const [name, content] of Object.entries(broken)) {
    const error = await failureOf(readFiles({ [name]: content }, query), 'file-records-compression-broken')
    assert.match(error.message, new RegExp(`^${name}`))
  }
})

test('ends files that unpack to more than the connection allows', async () => {
  const bomb = `a\n${'1234567\n'.repeat(1_000_000)}`
  for (const [name, content] of Object.entries({
    'a.gz': gzipSync(bomb),
    'a.zst': zstdCompressSync(bomb),
    'a.zip': await zip({ a: bomb }),
  })) {
    await failureOf(readFiles({ [name]: content }, query, { maxFileSize: '1MiB' }), 'file-records-too-large')
  }
})

test('ends when reading works longer than the connection allows', async () => {
  const content = `a\n${'1\n'.repeat(2_000_000)}`
  await failureOf(
    readFiles({ 'a.csv': content }, query, {}, { limits: { queryTimeoutMs: 5 } }),
    'file-records-query-timeout',
  )
})

test('reads several files in order of their names, and says which one has other columns', async () => {
  const files = { 'b.csv': 'a\n2\n', 'a.csv': 'a\n1\n', 'c.txt': 'b\n' }
  assert.deepEqual(await readFiles(files, { ...query, path: '*.csv' }), rows)
  const error = await failureOf(readFiles(files, { ...query, path: '*' }), 'file-records-columns-differ')
  assert.match(error.message, /^c\.txt has other columns than a\.csv/)
})

test('has another connection fetch the files, and reads them in its order', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-file-records-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'x.csv'), 'a\n1\n')
  await writeFile(join(folder, 'b.csv'), 'a\n2\n')
  const asked: unknown[] = []
  const fetchFiles = (connection: string, fetch: unknown) => {
    asked.push([connection, fetch])
    return Promise.resolve([join(folder, 'x.csv'), join(folder, 'b.csv')])
  }
  const fetch = { prefix: 'in/' }
  const read = await readFiles({}, { ...query, fetch }, { connection: 'archive' }, { fetchFiles })
  assert.deepEqual(read, rows)
  assert.deepEqual(asked, [['archive', fetch]])
  await failureOf(
    readFiles({}, { ...query, fetch }, { connection: 'archive' }, { fetchFiles: () => Promise.resolve([]) }),
    'file-records-not-found',
  )
})

test('fails when a file was replaced by a link or a pipe between prepare and its turn', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-file-records-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'b.csv')
  for (const replace of [
    () => rm(path),
    () => symlink('/etc/passwd', path),
    () => Promise.resolve(execFileSync('mkfifo', [path])),
  ]) {
    await rm(path, { force: true })
    await writeFile(join(folder, 'a.csv'), 'a\n1\n')
    await writeFile(path, 'a\n2\n')
    const role = fileRecords.source
    assert.ok(role)
    await using context = testContext({ config: fileRecords.config.parse({ folder }) })
    await using source = await role.open(context)
    const request = readRequest({ query: { ...query, path: '*.csv' } }, 'columns')
    await using extract = await source.prepare(request, context.signal)
    await rm(path)
    await replace().catch(() => undefined)
    await failureOf(readRows(extract, context.signal), 'file-records-changed')
  }
})

test('closes its files when nobody reads on', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-file-records-'))
  t.after(() => rm(folder, { recursive: true }))
  const lines = 'a\n'.repeat(500_000)
  const inside = '<e>1</e>'.repeat(100_000)
  const samples: readonly [name: string, content: string | Buffer, query: object][] = [
    ['a.csv', lines, query],
    ['a.csv.gz', gzipSync(lines), query],
    ['a.csv.zst', zstdCompressSync(lines), query],
    ['a.zip', await zip({ a: lines }), query],
    ['a.txt', lines, { format: { type: 'fixed-width' }, columns: [{ name: 'a', length: 1 }] }],
    [
      'a.xml',
      `<r>${inside}</r>`,
      { format: { type: 'xml', record: '/r/e' }, columns: [{ name: 'e', from: '.' }] },
    ],
    [
      'a.xlsx',
      await workbook({ sheets: { S: '<row><c><v>1</v></c></row>'.repeat(50_000) } }),
      { format: { type: 'xlsx' } },
    ],
  ]
  const role = fileRecords.source
  assert.ok(role)
  await using context = testContext({ config: fileRecords.config.parse({ folder }) })
  await using source = await role.open(context)
  const openFiles = async () => {
    const links = await Promise.all(
      (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    )
    return links.filter((path) => path.startsWith(folder))
  }
  for (const [name, content, more] of samples) {
    await writeFile(join(folder, name), content)
    const request = readRequest({ query: { path: name, ...more } }, 'columns', { batchRows: 10 })
    await using extract = await source.prepare(request, context.signal)
    assert.deepEqual(await openFiles(), [], name)
    for await (const batch of extract.read(context.signal)) if (batch.form === 'columns') break
    // A zip archive is closed by a callback.
    await setTimeout(50)
    assert.deepEqual(await openFiles(), [], name)
  }
})
