import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { Store } from '@bulkhead/connector-sdk'
import { contentsOf, createBucket, s3Client, type TestBucket } from '../../../test/support/s3.ts'
import { openStore } from './s3-store.ts'
import { contextFor, someBytes } from './testing/context.ts'
import { type RecordingProxy, startRecordingProxy } from './testing/recording-proxy.ts'

const MIB = 2 ** 20
const { signal } = new AbortController()

async function storeIn(t: TestContext, bucket: TestBucket, settings: object = {}): Promise<Store> {
  const store = await openStore(contextFor(bucket, { prefix: 'billing/', partSize: '5MiB', ...settings }))
  t.after(() => store[Symbol.asyncDispose]())
  return store
}

async function behindProxy(
  t: TestContext,
  settings: object = {},
): Promise<{ store: Store; proxy: RecordingProxy; bucket: TestBucket }> {
  const bucket = await createBucket(t)
  const proxy = await startRecordingProxy(t, bucket.endpoint)
  const store = await storeIn(t, bucket, { endpoint: proxy.endpoint, ...settings })
  return { store, proxy, bucket }
}

async function bytesOf(bucket: TestBucket, key: string): Promise<Uint8Array> {
  const client = s3Client(bucket)
  try {
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket.bucket, Key: key }))
    return (await answer.Body?.transformToByteArray()) ?? new Uint8Array()
  } finally {
    client.destroy()
  }
}

async function write(store: Store, key: string, bytes: Uint8Array): Promise<void> {
  const upload = await store.create({ key, contentType: 'text/csv', maxBytes: undefined }, signal)
  const writes: Promise<void>[] = []
  for (let number = 1, start = 0; start < bytes.length; number++, start += upload.partBytes) {
    writes.push(upload.writePart(number, bytes.subarray(start, start + upload.partBytes), signal))
  }
  await Promise.all(writes)
  const stored = await upload.complete(signal)
  assert.equal(stored.bytes, bytes.length)
}

test('stores a small object by one call, from a buffer that the caller uses again', async (t) => {
  const { store, proxy, bucket } = await behindProxy(t)
  const upload = await store.create({ key: 'run-1/a.csv', contentType: 'text/csv', maxBytes: 1000 }, signal)
  const buffer = Buffer.from('id\n1\n')
  await upload.writePart(1, buffer, signal)
  buffer.fill(0)
  assert.deepEqual((await contentsOf(bucket)).objects, [], 'nothing is visible before complete')
  assert.deepEqual(await upload.complete(signal), {
    key: 'run-1/a.csv',
    location: `s3://${bucket.bucket}/billing/run-1/a.csv`,
    bytes: 5,
  })
  assert.equal(new TextDecoder().decode(await bytesOf(bucket, 'billing/run-1/a.csv')), 'id\n1\n')
  assert.deepEqual(
    proxy.requests.map(({ method }) => method),
    ['PUT'],
  )
})

test('stores an object without any part, and one of exactly a part', async (t) => {
  const { store, bucket } = await behindProxy(t)
  await write(store, 'run-1/empty.csv', new Uint8Array())
  await write(store, 'run-1/part.csv', someBytes(5 * MIB))
  assert.deepEqual(await contentsOf(bucket), {
    objects: [
      { key: 'billing/run-1/empty.csv', bytes: 0 },
      { key: 'billing/run-1/part.csv', bytes: 5 * MIB },
    ],
    uploads: [],
  })
})

test('stores a large object in parts, invisible until it is complete', async (t) => {
  const { store, bucket } = await behindProxy(t)
  const bytes = someBytes(12 * MIB + 345)
  const upload = await store.create(
    { key: 'run-1/großes Ergebnis+1.csv', contentType: 'text/csv', maxBytes: undefined },
    signal,
  )
  assert.equal(upload.partBytes, 5 * MIB)
  assert.equal(upload.inFlight, 3)
  await Promise.all(
    [3, 1, 2].map((number) =>
      upload.writePart(number, bytes.subarray((number - 1) * 5 * MIB, number * 5 * MIB), signal),
    ),
  )
  assert.deepEqual((await contentsOf(bucket)).objects, [])
  const stored = await upload.complete(signal)
  assert.equal(stored.bytes, bytes.length)
  const found = await bytesOf(bucket, 'billing/run-1/großes Ergebnis+1.csv')
  assert.equal(sha256(found), sha256(bytes))
  assert.deepEqual((await contentsOf(bucket)).uploads, [])
})

for (const checksum of ['CRC32', 'CRC64NVME', 'SHA256', 'MD5']) {
  test(`sends ${checksum} with every body, and the store checks it`, async (t) => {
    const { store, proxy, bucket } = await behindProxy(t, { checksum })
    await write(store, 'run-1/small.csv', someBytes(10))
    await write(store, 'run-1/large.csv', someBytes(6 * MIB))
    const header = checksum === 'MD5' ? 'content-md5' : `x-amz-checksum-${checksum.toLowerCase()}`
    const bodies = proxy.requests.filter(({ method }) => method === 'PUT')
    assert.equal(bodies.length, 3)
    for (const { headers } of bodies) assert.match(String(headers[header]), /^[\w+/]+=*$/)
    assert.equal((await contentsOf(bucket)).objects.length, 2)
  })
}

// versitygw takes the headers of encryption and ignores them: what is proved here is what is sent
test('asks for encryption, tags, class and type at the beginning of every object', async (t) => {
  const { store, proxy } = await behindProxy(t, {
    encryption: { mode: 'aws:kms', kmsKeyId: 'alias/exports', bucketKey: true },
    tags: { team: 'billing', 'cost centre': '47 & 11' },
    storageClass: 'STANDARD',
    expectedBucketOwner: '123456789012',
  })
  // versitygw may refuse the owner, whose name there is the key: the calls need not succeed
  await write(store, 'run-1/a.csv', someBytes(10)).catch(() => undefined)
  const large = await store.create(
    { key: 'run-1/b.csv', contentType: 'text/csv', maxBytes: undefined },
    signal,
  )
  await large.writePart(1, someBytes(5 * MIB), signal).catch(() => undefined)
  await large.abort()
  const beginnings = proxy.requests.filter(
    ({ method, url }) => (method === 'PUT' && !url.includes('uploadId')) || url.includes('uploads='),
  )
  assert.ok(beginnings.length >= 2)
  for (const { headers } of beginnings) {
    assert.equal(headers['content-type'], 'text/csv')
    assert.equal(headers['x-amz-server-side-encryption'], 'aws:kms')
    assert.equal(headers['x-amz-server-side-encryption-aws-kms-key-id'], 'alias/exports')
    assert.equal(headers['x-amz-server-side-encryption-bucket-key-enabled'], 'true')
    assert.equal(headers['x-amz-tagging'], 'team=billing&cost%20centre=47%20%26%2011')
    assert.equal(headers['x-amz-storage-class'], 'STANDARD')
    assert.equal(headers['x-amz-acl'], undefined)
  }
  for (const { headers } of proxy.requests) {
    assert.equal(headers['x-amz-expected-bucket-owner'], '123456789012')
  }
})

test('never overwrites an object', async (t) => {
  const { store, bucket } = await behindProxy(t)
  for (const bytes of [someBytes(10), someBytes(6 * MIB)]) {
    const key = `run-1/${bytes.length}.csv`
    await write(store, key, bytes)
    await assert.rejects(write(store, key, someBytes(bytes.length + 1)), {
      code: 's3-object-exists',
      kind: 'config',
    })
    assert.equal((await bytesOf(bucket, `billing/${key}`)).length, bytes.length)
  }
})

test('leaves nothing behind after an abort, at any moment and twice', async (t) => {
  const { store, bucket } = await behindProxy(t)
  const object = { key: 'run-1/a.csv', contentType: 'text/csv', maxBytes: undefined }
  const untouched = await store.create(object, signal)
  await untouched.abort()
  const small = await store.create(object, signal)
  await small.writePart(1, someBytes(10), signal)
  await small.abort()
  const underWay = await store.create(object, signal)
  const writes = [1, 2, 3].map((number) => underWay.writePart(number, someBytes(5 * MIB), signal))
  const ends = Promise.allSettled(writes)
  await writes[0]
  await Promise.all([underWay.abort(), underWay.abort()])
  await ends
  await underWay.abort()
  await assert.rejects(underWay.complete(signal))
  assert.deepEqual(await contentsOf(bucket), { objects: [], uploads: [] })
})

test('keeps a complete object when it is aborted afterwards', async (t) => {
  const { store, bucket } = await behindProxy(t)
  const upload = await store.create({ key: 'a.csv', contentType: 'text/csv', maxBytes: undefined }, signal)
  await upload.complete(signal)
  await upload.abort()
  assert.equal((await contentsOf(bucket)).objects.length, 1)
})

test('stops when the signal does, with its reason', async (t) => {
  const { store, proxy, bucket } = await behindProxy(t)
  proxy.fault = ({ url }) => (url.includes('partNumber') ? { kind: 'silence' } : undefined)
  const upload = await store.create({ key: 'a.csv', contentType: 'text/csv', maxBytes: undefined }, signal)
  const stop = new AbortController()
  const write = upload.writePart(1, someBytes(5 * MIB), stop.signal)
  setTimeout(() => stop.abort(new Error('stopped by the user')), 100)
  await assert.rejects(write, { message: 'stopped by the user' })
  await upload.abort()
  assert.deepEqual(await contentsOf(bucket), { objects: [], uploads: [] })
})

test('finds and aborts an upload whose beginning was answered into the void', async (t) => {
  const { store, proxy, bucket } = await behindProxy(t, { attempts: 1 })
  proxy.fault = ({ url }) => (url.includes('uploads=') ? { kind: 'lose-answer' } : undefined)
  const upload = await store.create({ key: 'a.csv', contentType: 'text/csv', maxBytes: undefined }, signal)
  await assert.rejects(upload.writePart(1, someBytes(5 * MIB), signal), { code: 's3-unreachable' })
  assert.equal((await contentsOf(bucket)).uploads.length, 1, 'the server has begun the upload')
  proxy.fault = () => undefined
  await upload.abort()
  assert.deepEqual(await contentsOf(bucket), { objects: [], uploads: [] })
})

test('leaves no second upload when the beginning had to be repeated', async (t) => {
  const { store, proxy, bucket } = await behindProxy(t)
  let lost = 0
  proxy.fault = ({ method, url }) =>
    method === 'POST' && url.includes('uploads=') && lost++ === 0 ? { kind: 'lose-answer' } : undefined
  await write(store, 'a.csv', someBytes(6 * MIB))
  assert.equal(lost, 2)
  assert.deepEqual((await contentsOf(bucket)).uploads, [])
})

for (const [what, bytes] of [
  ['a small object', 10],
  ['parts', 6 * MIB],
] as const) {
  const isLast = (method: string, url: string): boolean =>
    what === 'parts' ? method === 'POST' && url.includes('uploadId') : method === 'PUT'

  test(`knows its own object when the answer to the completion of ${what} is lost`, async (t) => {
    const { store, proxy, bucket } = await behindProxy(t)
    let lost = 0
    proxy.fault = ({ method, url }) =>
      isLast(method, url) && lost++ === 0 ? { kind: 'lose-answer' } : undefined
    await write(store, 'a.csv', someBytes(bytes))
    assert.equal(lost, 2, 'it was repeated')
    assert.deepEqual(await contentsOf(bucket), { objects: [{ key: 'billing/a.csv', bytes }], uploads: [] })
  })

  test(`removes what became visible by a completion of ${what} that failed`, async (t) => {
    const { store, proxy, bucket } = await behindProxy(t, { attempts: 1 })
    proxy.fault = ({ method, url }) =>
      isLast(method, url) || method === 'HEAD' ? { kind: 'lose-answer' } : undefined
    const upload = await store.create({ key: 'a.csv', contentType: 'text/csv', maxBytes: undefined }, signal)
    for (let number = 1, start = 0; start < bytes; number++, start += upload.partBytes) {
      await upload.writePart(number, someBytes(Math.min(upload.partBytes, bytes - start)), signal)
    }
    await assert.rejects(upload.complete(signal), { code: 's3-unreachable', kind: 'transient' })
    assert.equal((await contentsOf(bucket)).objects.length, 1, 'the server has stored it')
    proxy.fault = () => undefined
    await upload.abort()
    assert.deepEqual(await contentsOf(bucket), { objects: [], uploads: [] })
  })
}

test('repeats what the store was too busy for', async (t) => {
  const { store, proxy, bucket } = await behindProxy(t)
  let refused = 0
  proxy.fault = ({ url }) =>
    url.includes('partNumber=1') && refused++ < 2
      ? { kind: 'answer', status: 503, body: '<Error><Code>SlowDown</Code></Error>' }
      : undefined
  await write(store, 'a.csv', someBytes(6 * MIB))
  assert.equal(refused, 3)
  assert.equal((await contentsOf(bucket)).objects.length, 1)
})

test('checks that it may write, and leaves nothing behind', async (t) => {
  const { store, bucket } = await behindProxy(t)
  assert.match(
    await store.check(signal),
    /^Bucket "bulkhead-test-\w+" at 127\.0\.0\.1:\d+ takes objects below "billing\/"$/,
  )
  assert.deepEqual(await contentsOf(bucket), { objects: [], uploads: [] })
})

test('removes an object, also one that is not there', async (t) => {
  const { store, bucket } = await behindProxy(t)
  await write(store, 'a.csv', someBytes(10))
  const stored = { key: 'a.csv', location: `s3://${bucket.bucket}/billing/a.csv`, bytes: 10 }
  await store.remove(stored, signal)
  await store.remove(stored, signal)
  assert.deepEqual((await contentsOf(bucket)).objects, [])
})

test('sweeps what a dead run left: its open upload can no longer complete, and its neighbours stay', async (t) => {
  const { store, bucket } = await behindProxy(t)
  await write(store, 'run-1.2/next.csv', someBytes(10))
  for (let number = 1; number <= 20; number++) await write(store, `run-1/${number}.csv`, someBytes(number))
  const upload = await store.create(
    { key: 'run-1/open.csv', contentType: 'text/csv', maxBytes: undefined },
    signal,
  )
  await upload.writePart(1, someBytes(5 * MIB), signal)
  const sweeper = await storeIn(t, bucket)
  await sweeper.sweep('run-1', signal)
  await sweeper.sweep('run-1', signal)
  assert.deepEqual(await contentsOf(bucket), {
    objects: [{ key: 'billing/run-1.2/next.csv', bytes: 10 }],
    uploads: [],
  })
  await assert.rejects(upload.writePart(2, someBytes(10), signal))
  await assert.rejects(upload.complete(signal))
  await upload.abort()
  assert.deepEqual((await contentsOf(bucket)).objects.length, 1)
})

test('sweeps no folder outside the prefix', async (t) => {
  const { store } = await behindProxy(t)
  for (const folder of ['..', '', 'a/../..'])
    await assert.rejects(store.sweep(folder, signal), { code: 's3-key-invalid' })
})

test('refuses a key that could leave the prefix', async (t) => {
  const { store } = await behindProxy(t)
  for (const key of [
    '../other/a.csv',
    'a/../../b',
    '/a',
    'a//b',
    'a/./b',
    '',
    'a\u0000b',
    `${'x'.repeat(1020)}`,
  ]) {
    await assert.rejects(store.create({ key, contentType: 'text/csv', maxBytes: undefined }, signal), {
      code: 's3-key-invalid',
    })
  }
})

test('grows the parts with the byte limit, so that their numbers suffice', async (t) => {
  const { store } = await behindProxy(t, { partSize: '8MiB' })
  const partBytes = async (maxBytes: number | undefined): Promise<number> =>
    (await store.create({ key: 'a', contentType: 'text/csv', maxBytes }, signal)).partBytes
  assert.equal(await partBytes(undefined), 8 * MIB)
  assert.equal(await partBytes(20 * 2 ** 30), 8 * MIB)
  assert.ok((await partBytes(2 ** 40)) * 9_000 >= 2 ** 40)
})

test('streams 100 MB within its memory bound', async (t) => {
  const bucket = await createBucket(t)
  const store = await storeIn(t, bucket, { partSize: '8MiB' })
  const upload = await store.create({ key: 'a.csv', contentType: 'text/csv', maxBytes: undefined }, signal)
  const buffers = Array.from({ length: upload.inFlight + 1 }, () => someBytes(upload.partBytes))
  const hash = createHash('sha256')
  const before = process.memoryUsage().arrayBuffers
  let peak = 0
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)), 5)
  const underWay: Promise<void>[] = []
  for (let number = 1; number <= 12; number++) {
    if (underWay.length === upload.inFlight) await underWay.shift()
    const buffer = buffers[number % buffers.length] as Uint8Array
    buffer[0] = number
    hash.update(buffer)
    underWay.push(upload.writePart(number, buffer, signal))
  }
  await Promise.all(underWay)
  const stored = await upload.complete(signal)
  clearInterval(watch)
  assert.equal(stored.bytes, 12 * 8 * MIB)
  assert.ok(peak < 4 * MIB, `beside the caller's buffers it used ${Math.round(peak / MIB)} MiB`)
  assert.equal(sha256(await bytesOf(bucket, 'billing/a.csv')), hash.digest('hex'))
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

test('of clients that write the same small object at the same instant one wins, forty times', async (t) => {
  const bucket = await createBucket(t)
  const stores = await Promise.all([1, 2, 3, 4].map(() => storeIn(t, bucket)))
  for (let round = 1; round <= 40; round++) {
    const key = `.bulkhead/requests/${round}.json`
    const written = await Promise.all(
      stores.map((store, index) =>
        store.createIfAbsent(
          { key, contentType: 'application/json', bytes: Buffer.from(`writer ${index}`) },
          signal,
        ),
      ),
    )
    const winners = written.flatMap((won, index) => (won ? [index] : []))
    assert.equal(winners.length, 1, `round ${round}: ${winners.length} winners`)
    assert.equal(String(Buffer.from(await bytesOf(bucket, `billing/${key}`))), `writer ${winners[0]}`)
  }
})

test('knows its own small object again after the answer was lost, and reads its start', async (t) => {
  const { store, proxy } = await behindProxy(t)
  let lost = 0
  proxy.fault = ({ method }) => (method === 'PUT' && lost++ === 0 ? { kind: 'lose-answer' } : undefined)
  const note = (text: string) => ({
    key: '.bulkhead/requests/a.json',
    contentType: 'application/json',
    bytes: Buffer.from(text),
  })
  assert.equal(await store.createIfAbsent(note('first'), signal), true)
  assert.equal(await store.createIfAbsent(note('second'), signal), false)
  assert.equal(lost >= 2, true, 'no answer was lost')
  assert.equal(String(Buffer.from((await store.readStart(note('').key, 3, signal)) ?? [])), 'fir')
})
