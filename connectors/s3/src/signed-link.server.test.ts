import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import type { Store, StoredObject } from '@bulkhead/connector-sdk'
import { createBucket, type TestBucket } from '../../../test/support/s3.ts'
import { openStore } from './s3-store.ts'
import { contextFor } from './testing/context.ts'

const { signal } = new AbortController()
const request = { expiresInSeconds: 3600, fileName: 'Übersicht "1".csv', contentType: 'text/csv' }
const WEEK_SECONDS = 7 * 24 * 3600

async function stored(
  t: TestContext,
  settings: object = {},
): Promise<{ store: Store; object: StoredObject; bucket: TestBucket }> {
  const bucket = await createBucket(t)
  const writer = await openStore(contextFor(bucket, { prefix: 'billing/' }))
  const upload = await writer.create(
    { key: 'run-1/a b.csv', contentType: 'text/csv', maxBytes: undefined },
    signal,
  )
  await upload.writePart(1, new TextEncoder().encode('id\n1\n2\n'), signal)
  const object = await upload.complete(signal)
  await writer[Symbol.asyncDispose]()
  const store = await openStore(contextFor(bucket, { prefix: 'billing/', ...settings }))
  t.after(() => store[Symbol.asyncDispose]())
  return { store, object, bucket }
}

test('signs a link with which anyone downloads the object, whole and in ranges', async (t) => {
  const { store, object } = await stored(t)
  const link = await store.link(object, request)
  assert.equal(link.warning, undefined)
  assert.ok(Math.abs(link.expiresAtMs - Date.now() - 3_600_000) < 2_000)
  const whole = await fetch(link.url)
  assert.equal(whole.status, 200)
  assert.equal(await whole.text(), 'id\n1\n2\n')
  assert.equal(whole.headers.get('content-type'), 'text/csv')
  assert.equal(
    whole.headers.get('content-disposition'),
    `attachment; filename="_bersicht _1_.csv"; filename*=UTF-8''%C3%9Cbersicht%20%221%22.csv`,
  )
  const range = await fetch(link.url, { headers: { range: 'bytes=3-4' } })
  assert.equal(range.status, 206)
  assert.equal(await range.text(), '1\n')
  // a checksum header that only the SDK sends would make other clients fail
  assert.doesNotMatch(link.url, /checksum/i)
})

test('ends the link when it says', async (t) => {
  const { store, object } = await stored(t)
  const link = await store.link(object, { ...request, expiresInSeconds: 2 })
  const early = await fetch(link.url)
  assert.equal(early.status, 200)
  await early.body?.cancel()
  await sleep(link.expiresAtMs - Date.now() + 1_100)
  const late = await fetch(link.url)
  assert.equal(late.status, 403)
  await late.body?.cancel()
})

test('refuses a link that was tampered with', async (t) => {
  const { store, object } = await stored(t)
  const url = new URL((await store.link(object, request)).url)
  url.searchParams.set('response-content-type', 'text/html')
  const answer = await fetch(url)
  assert.equal(answer.status, 403)
  await answer.body?.cancel()
})

test('cuts a link at seven days, and says so', async (t) => {
  const { store, object } = await stored(t)
  const link = await store.link(object, { ...request, expiresInSeconds: 30 * 24 * 3600 })
  assert.ok(Math.abs(link.expiresAtMs - Date.now() - WEEK_SECONDS * 1000) < 2_000)
  assert.match(link.warning ?? '', /7 days/)
  assert.match(link.url, /X-Amz-Expires=604800/)
})

test('lets no link outlive its temporary keys, and says so', async (t) => {
  const end = new Date(Math.floor(Date.now() / 1000) * 1000 + 600_000)
  const { store, object } = await stored(t, { sessionToken: 'token', sessionExpiresAt: end.toISOString() })
  const link = await store.link(object, request)
  assert.equal(link.expiresAtMs, end.getTime())
  assert.match(link.warning ?? '', /temporary keys/)
  const shorter = await store.link(object, { ...request, expiresInSeconds: 60 })
  assert.equal(shorter.warning, undefined)
})

test('says that the end is unknown when that of the temporary keys is', async (t) => {
  const { store, object } = await stored(t, { sessionToken: 'token' })
  assert.match((await store.link(object, request)).warning ?? '', /may end before/)
})

test('signs nothing with keys that are over', async (t) => {
  const { store, object } = await stored(t, {
    sessionToken: 'token',
    sessionExpiresAt: '2020-01-01T00:00:00Z',
  })
  await assert.rejects(store.link(object, request), { code: 's3-link-impossible', kind: 'auth' })
})

test('signs for the address that receivers use', async (t) => {
  const { store, object } = await stored(t, { linkEndpoint: 'https://files.example.com' })
  const { url } = await store.link(object, request)
  assert.match(url, /^https:\/\/files\.example\.com\/bulkhead-test-\w+\/billing\/run-1\/a%20b\.csv\?/)
})
