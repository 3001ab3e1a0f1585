import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import s3 from '@bulkhead/connector-s3'
import { testContext } from '@bulkhead/connector-sdk/testing'
import { openObjectWriter } from '@bulkhead/engine/deliver/object-writer'
import { contentsOf, createBucket } from '../support/s3.ts'

const MIB = 2 ** 20
const { signal } = new AbortController()

test('a stream of 200 MB becomes one object in S3, in flat memory', async (t) => {
  const bucket = await createBucket(t)
  const config = s3.config.parse({ ...bucket, forcePathStyle: true, prefix: 'out/' })
  assert.ok(s3.store)
  await using store = await s3.store.open(testContext({ config }))
  const object = { key: 'run-1/large.bin', contentType: 'application/octet-stream', maxBytes: 2 ** 30 }
  await using writer = await openObjectWriter(store, object, signal)

  const piece = Buffer.alloc(256 * 1024)
  const hash = createHash('sha256')
  const before = process.memoryUsage().arrayBuffers
  let peak = 0
  const pieces = 800
  for (let index = 0; index < pieces; index++) {
    piece.fill(index & 255)
    hash.update(piece)
    await writer.write(piece)
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
  }
  const delivered = await writer.finish()

  assert.equal(delivered.bytes, pieces * piece.length)
  assert.equal(delivered.sha256, hash.digest('hex'))
  // (inFlight + 1) x partSize, and what grew into the first part
  assert.ok(peak < 48 * MIB, `it held ${Math.round(peak / MIB)} MiB`)

  const link = await store.link(delivered.stored, {
    expiresInSeconds: 60,
    fileName: 'a.bin',
    contentType: object.contentType,
  })
  const downloaded = createHash('sha256')
  const answer = await fetch(link.url)
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) downloaded.update(chunk)
  assert.equal(downloaded.digest('hex'), delivered.sha256)
})

test('a result that is too large, or stopped, leaves nothing in S3', async (t) => {
  const bucket = await createBucket(t)
  const config = s3.config.parse({ ...bucket, forcePathStyle: true, partSize: '5MiB' })
  assert.ok(s3.store)
  await using store = await s3.store.open(testContext({ config }))
  const stop = new AbortController()
  const object = { key: 'run-1/a.csv', contentType: 'text/csv', maxBytes: 12 * MIB }
  const fill = async (reached: number): Promise<void> => {
    await using writer = await openObjectWriter(store, object, stop.signal)
    for (;;) {
      await writer.write(new Uint8Array(MIB))
      if (writer.bytes === reached) stop.abort(new Error('stopped by the user'))
    }
  }
  await assert.rejects(fill(Number.POSITIVE_INFINITY), { code: 'result-too-large' })
  await assert.rejects(fill(11 * MIB), { message: 'stopped by the user' })
  assert.deepEqual(await contentsOf(bucket), { objects: [], uploads: [] })
})
