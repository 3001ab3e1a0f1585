import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import {
  type BytesBatch,
  defaultCsv,
  type Extract,
  type ParameterValue,
  type Source,
} from '@bulkhead/connector-sdk'
import { createBucket, s3Client, type TestBucket } from '../../../test/support/s3.ts'
import { startProxy } from '../../../test/support/proxy.ts'
import { openConnection } from './connection.ts'
import { listObjects } from './list-objects.ts'
import { openSource } from './s3-source.ts'
import { contextFor, someBytes } from './testing/context.ts'
import { type RecordingProxy, startRecordingProxy } from './testing/recording-proxy.ts'

const MIB = 2 ** 20
const { signal } = new AbortController()

interface Opened {
  readonly source: Source
  readonly proxy: RecordingProxy
  readonly bucket: TestBucket
}

async function opened(
  t: TestContext,
  objects: Readonly<Record<string, Uint8Array | string>>,
  settings: object = {},
): Promise<Opened> {
  const bucket = await createBucket(t)
  await put(bucket, objects)
  const proxy = await startRecordingProxy(t, bucket.endpoint)
  const source = await openSource(
    contextFor(bucket, { prefix: 'in/', endpoint: proxy.endpoint, ...settings }),
  )
  t.after(() => source[Symbol.asyncDispose]())
  return { source, proxy, bucket }
}

async function put(
  bucket: TestBucket,
  objects: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  const client = s3Client(bucket)
  for (const [Key, Body] of Object.entries(objects)) {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket.bucket,
        Key,
        Body,
        ContentLength: Buffer.byteLength(Body),
        ChecksumAlgorithm: 'CRC32',
      }),
    )
  }
  client.destroy()
}

function prepare(
  source: Source,
  query: unknown,
  parameters: Readonly<Record<string, ParameterValue>> = {},
): Promise<Extract> {
  return source.prepare(
    {
      query,
      parameters,
      form: 'bytes',
      output: { format: 'binary', csv: defaultCsv },
      maxRows: undefined,
      batchRows: 1000,
      batchBytes: MIB,
    },
    signal,
  )
}

/** What was read, by file, in order. */
async function filesOf(extract: Extract): Promise<readonly (readonly [string, string])[]> {
  const files: [string, string][] = []
  for await (const batch of extract.read(signal) as AsyncIterable<BytesBatch>) {
    const text = new TextDecoder().decode(batch.bytes)
    const last = files.at(-1)
    if (last !== undefined && last[0] === batch.file) last[1] += text
    else files.push([batch.file ?? '', text])
  }
  return files
}

const tree = {
  'in/2026/a.csv': 'a',
  'in/2026/b/c.csv': 'c',
  'in/2026/b/d.txt': 'd',
  'in/2026/empty.csv': '',
  'in/2026-old.csv': 'old',
  'other/secret.csv': 'secret',
}

test('reads one object, named below the prefix', async (t) => {
  const { source } = await opened(t, tree)
  await using extract = await prepare(source, { key: '2026/b/c.csv' })
  assert.deepEqual(extract.fields, [])
  assert.equal(extract.consistency, 'none')
  assert.deepEqual(await filesOf(extract), [['2026/b/c.csv', 'c']])
})

test('reads all objects below a folder in order, empty ones too', async (t) => {
  const { source } = await opened(t, tree)
  await using extract = await prepare(source, { prefix: { $param: 'folder' } }, { folder: '2026/' })
  assert.deepEqual(await filesOf(extract), [
    ['2026/a.csv', 'a'],
    ['2026/b/c.csv', 'c'],
    ['2026/b/d.txt', 'd'],
    ['2026/empty.csv', ''],
  ])
})

test('reads a list of objects in the order that is given', async (t) => {
  const { source } = await opened(t, tree)
  const keys = ['2026-old.csv', '2026/a.csv']
  await using extract = await prepare(source, { key: { $param: 'keys' } }, { keys })
  assert.deepEqual(await filesOf(extract), [
    ['2026-old.csv', 'old'],
    ['2026/a.csv', 'a'],
  ])
})

test('reads what a pattern matches', async (t) => {
  const { source } = await opened(t, tree)
  await using within = await prepare(source, { glob: '2026*/**/*.csv' })
  assert.deepEqual(
    (await filesOf(within)).map(([name]) => name),
    ['2026/a.csv', '2026/b/c.csv', '2026/empty.csv'],
  )
  await using old = await prepare(source, { glob: '????-old.csv' })
  assert.deepEqual(await filesOf(old), [['2026-old.csv', 'old']])
})

test('lists page by page', async (t) => {
  const { bucket } = await opened(t, tree)
  await using connection = await openConnection(contextFor(bucket, { prefix: 'in/' }))
  const selection = { kind: 'searched', beginning: 'in/', glob: undefined } as const
  const names: string[] = []
  for await (const { file } of listObjects(connection, selection, signal, 2)) names.push(file)
  assert.deepEqual(names, ['2026-old.csv', '2026/a.csv', '2026/b/c.csv', '2026/b/d.txt', '2026/empty.csv'])
})

test('finds what is wrong with the query before the first byte', async (t) => {
  const { source } = await opened(t, tree)
  const refused = async (query: unknown, code: string, path: string): Promise<void> => {
    await assert.rejects(prepare(source, query), { kind: 'config', code, path }, JSON.stringify(query))
  }
  await refused({ key: 'nothing.csv' }, 's3-object-not-found', 'query')
  await refused({ prefix: 'nothing/' }, 's3-nothing-found', 'query')
  await refused({ glob: '2026/*.parquet' }, 's3-nothing-found', 'query')
  await refused({ key: '../other/secret.csv' }, 's3-key-invalid', 'query.key')
  await refused({ prefix: '../other/' }, 's3-key-invalid', 'query.prefix')
  await refused({ glob: '../*/secret.csv' }, 's3-key-invalid', 'query.glob')
  await refused({ key: 7 }, 's3-query-invalid', 'query')
  await refused({ key: 'a', prefix: 'b' }, 's3-query-invalid', 'query')
  await refused('SELECT 1', 's3-query-invalid', 'query')
  await refused({ key: { $param: 'missing' } }, 'parameter-missing', 'query.key')
})

test('stops the store from sending while nobody asks for more', async (t) => {
  const bucket = await createBucket(t)
  await put(bucket, { 'in/large.bin': someBytes(64 * MIB) })
  const { hostname: host, port } = new URL(bucket.endpoint)
  const proxy = await startProxy(t, { host, port: Number(port) })
  await using source = await openSource(
    contextFor(bucket, { prefix: 'in/', endpoint: `http://${proxy.host}:${proxy.port}` }),
  )
  await using extract = await prepare(source, { key: 'large.bin' })
  const batches = extract.read(signal)[Symbol.asyncIterator]()
  await batches.next()
  await sleep(300)
  const passed = proxy.bytesToClient
  assert.ok(passed < 24 * MIB, `${Math.round(passed / MIB)} MiB were sent into the buffers of the sockets`)
  await sleep(100)
  assert.equal(proxy.bytesToClient, passed)
  await batches.return?.()
})

test('yields the very bytes, in pieces within the bound', async (t) => {
  const bytes = someBytes(5 * MIB + 1)
  const { source } = await opened(t, { 'in/a.bin': bytes })
  await using extract = await prepare(source, { key: 'a.bin' })
  const pieces: Uint8Array[] = []
  for await (const batch of extract.read(signal) as AsyncIterable<BytesBatch>) {
    assert.equal(batch.rows, null)
    assert.ok(batch.bytes.length <= MIB)
    pieces.push(new Uint8Array(batch.bytes))
  }
  assert.deepEqual(Buffer.concat(pieces), Buffer.from(bytes))
})

test('goes on where the connection broke', async (t) => {
  const bytes = someBytes(3 * MIB)
  const { source, proxy } = await opened(t, { 'in/a.bin': bytes })
  let cut = 0
  proxy.fault = ({ method }) =>
    method === 'GET' && cut++ < 2 ? { kind: 'cut-answer', afterBytes: MIB } : undefined
  await using extract = await prepare(source, { key: 'a.bin' })
  const pieces: Uint8Array[] = []
  for await (const batch of extract.read(signal) as AsyncIterable<BytesBatch>)
    pieces.push(new Uint8Array(batch.bytes))
  assert.deepEqual(Buffer.concat(pieces), Buffer.from(bytes))
  const ranges = proxy.requests.flatMap(({ headers }) => headers.range ?? [])
  assert.deepEqual(ranges, [`bytes=${MIB}-`, `bytes=${2 * MIB}-`])
  for (const { method, headers } of proxy.requests) {
    if (method === 'GET') assert.match(String(headers['if-match']), /^"\w+"$/)
  }
})

test('gives up when the connection breaks again and again', async (t) => {
  const { source, proxy } = await opened(t, { 'in/a.bin': someBytes(MIB) }, { attempts: 2 })
  proxy.fault = ({ method }) => (method === 'GET' ? { kind: 'cut-answer', afterBytes: 0 } : undefined)
  await using extract = await prepare(source, { key: 'a.bin' })
  await assert.rejects(filesOf(extract), { code: 's3-unreachable', kind: 'transient' })
})

test('gives up when the store falls silent in the middle', async (t) => {
  const { source, proxy } = await opened(
    t,
    { 'in/a.bin': someBytes(MIB) },
    { attempts: 1, requestTimeout: 'PT1S' },
  )
  proxy.fault = ({ method }) => (method === 'GET' ? { kind: 'stall-answer', afterBytes: 1000 } : undefined)
  await using extract = await prepare(source, { key: 'a.bin' })
  await assert.rejects(filesOf(extract), { code: 's3-timeout', kind: 'transient' })
})

test('refuses an object that was changed or removed since it was found', async (t) => {
  const { source, bucket } = await opened(t, { 'in/a.csv': 'a', 'in/b.csv': 'b' })
  await using changed = await prepare(source, { key: 'a.csv' })
  await put(bucket, { 'in/a.csv': 'A' })
  await assert.rejects(filesOf(changed), { code: 's3-object-changed', kind: 'transient' })
  await using removed = await prepare(source, { key: 'b.csv' })
  const client = s3Client(bucket)
  await client.send(new DeleteObjectCommand({ Bucket: bucket.bucket, Key: 'in/b.csv' }))
  client.destroy()
  await assert.rejects(filesOf(removed), { code: 's3-object-changed', kind: 'transient' })
})

test('notices bytes that were damaged on their way', async (t) => {
  const { source, proxy } = await opened(t, { 'in/a.bin': someBytes(100_000) })
  proxy.fault = ({ method }) => (method === 'GET' ? { kind: 'damage-answer' } : undefined)
  await using extract = await prepare(source, { key: 'a.bin' })
  await assert.rejects(filesOf(extract), { code: 's3-checksum-mismatch', kind: 'transient' })
})

test('stops in the middle when the signal does', async (t) => {
  const { source, proxy } = await opened(t, { 'in/a.bin': someBytes(MIB) })
  proxy.fault = ({ method }) => (method === 'GET' ? { kind: 'stall-answer', afterBytes: 1000 } : undefined)
  await using extract = await prepare(source, { key: 'a.bin' })
  const stop = new AbortController()
  setTimeout(() => stop.abort(new Error('stopped by the user')), 100)
  await assert.rejects(
    async () => {
      for await (const batch of extract.read(stop.signal)) assert.ok(batch)
    },
    { message: 'stopped by the user' },
  )
})

test('checks that it may list', async (t) => {
  const { source } = await opened(t, tree)
  assert.match(await source.check(signal), /can be listed below "in\/"$/)
})
