import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createSecureServer } from 'node:https'
import { createServer, request } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import type { BulkheadError } from '@bulkhead/connector-sdk'
import { createBucket, type TestBucket } from '../../../test/support/s3.ts'
import { errors } from './errors.ts'
import { openSource } from './s3-source.ts'
import { openStore } from './s3-store.ts'
import { selfSigned } from './testing/self-signed.ts'
import { contextFor } from './testing/context.ts'
import { startRecordingProxy } from './testing/recording-proxy.ts'

const { signal } = new AbortController()
const SECRET = 'canary-secret-4711'
const TOKEN = 'canary-token-4712'

/** Every way into the connector with these settings, each of which must fail alike. */
async function failures(bucket: TestBucket, settings: object): Promise<readonly BulkheadError[]> {
  const found: BulkheadError[] = []
  const keep = async (attempt: () => Promise<unknown>): Promise<void> => {
    try {
      await attempt()
    } catch (error) {
      found.push(error as BulkheadError)
      return
    }
    assert.fail('it succeeded')
  }
  const context = contextFor(bucket, { attempts: 1, ...settings })
  await using store = await openStore(context)
  await using source = await openSource(context)
  await keep(() => store.check(signal))
  await keep(async () => {
    const upload = await store.create({ key: 'a.csv', contentType: 'text/csv', maxBytes: undefined }, signal)
    await upload.writePart(1, new Uint8Array(3), signal)
    await upload.complete(signal)
  })
  await keep(() => source.check(signal))
  for (const query of [{ key: 'a.csv' }, { prefix: '' }]) {
    await keep(() =>
      source.prepare(
        { query, parameters: {}, form: 'bytes', batchBytes: 1, batchRows: 1, maxRows: undefined } as never,
        signal,
      ),
    )
  }
  return found
}

async function allFail(
  bucket: TestBucket,
  settings: object,
  expected: object,
): Promise<readonly BulkheadError[]> {
  const found = await failures(bucket, settings)
  assert.equal(found.length, 5)
  for (const error of found) {
    const { kind, code, path, fix, message } = error
    assert.deepEqual({ kind, code, path }, { kind, code, path, ...expected }, message)
    assert.ok(fix !== undefined && fix !== '')
    assert.ok(message.includes(bucket.bucket) || 'bucket' in settings, message)
    const registered = errors.find((entry) => entry.code === code)
    assert.equal(registered?.kind, kind)
    // nothing of a secret in the message, the cause, or what a log would print of it
    assert.doesNotMatch(
      inspect(error, { depth: 10, showHidden: true }),
      /canary|Signature=|StringToSign|AWS4/,
    )
  }
  return found
}

test('says that the bucket is missing', async (t) => {
  const bucket = await createBucket(t)
  const settings = { bucket: 'bulkhead-test-missing' }
  await allFail(bucket, settings, { kind: 'config', code: 's3-bucket-not-found', path: 'config.bucket' })
})

test('says that the keys are wrong, whichever half, and shows neither', async (t) => {
  const bucket = await createBucket(t)
  const expected = { kind: 'auth', code: 's3-credentials-refused' }
  await allFail(bucket, { secretAccessKey: SECRET, sessionToken: TOKEN }, expected)
  await allFail(bucket, { accessKeyId: 'canary-key', secretAccessKey: SECRET }, expected)
})

test('says that the region is wrong, and which is right', async (t) => {
  const bucket = await createBucket(t)
  const found = await allFail(
    bucket,
    { region: 'eu-west-3' },
    { kind: 'config', code: 's3-wrong-region', path: 'config.region' },
  )
  assert.match(found[0]?.message ?? '', /the bucket is in us-east-1/)
})

test('says that nothing answers', async (t) => {
  const bucket = await createBucket(t)
  const expected = { kind: 'transient', code: 's3-unreachable', path: 'config.endpoint' }
  await allFail(bucket, { endpoint: 'http://127.0.0.1:1' }, expected)
  await allFail(bucket, { endpoint: 'http://store.invalid' }, expected)
})

test('says that what answers is no S3, whatever it answers', async (t) => {
  const bucket = await createBucket(t)
  for (const status of [200, 403, 404]) {
    for (const body of ['<html><body>Welcome</body></html>', 'Welcome', '{}']) {
      const server = createServer((incoming, response) => {
        incoming.resume()
        response.writeHead(status, { 'content-type': 'text/html' }).end(body)
      })
      const endpoint = `http://${await listening(t, server)}`
      await allFail(
        bucket,
        { endpoint },
        { kind: 'config', code: 's3-endpoint-not-s3', path: 'config.endpoint' },
      )
    }
  }
})

test('says that a port speaks no TLS', async (t) => {
  const bucket = await createBucket(t)
  const endpoint = bucket.endpoint.replace('http:', 'https:')
  await allFail(bucket, { endpoint }, { kind: 'config', code: 's3-endpoint-not-s3' })
})

test('takes the answers of S3 for what they mean', async (t) => {
  const bucket = await createBucket(t)
  const proxy = await startRecordingProxy(t, bucket.endpoint)
  const cases: readonly [status: number, code: string, expected: string, kind: string][] = [
    [403, 'AccessDenied', 's3-access-denied', 'auth'],
    [403, 'RequestTimeTooSkewed', 's3-clock-skew', 'environment'],
    [400, 'ExpiredToken', 's3-credentials-expired', 'auth'],
    [503, 'SlowDown', 's3-throttled', 'throttled'],
    [500, 'InternalError', 's3-unavailable', 'transient'],
    [501, 'NotImplemented', 's3-not-supported', 'config'],
    [400, 'KMS.DisabledException', 's3-encryption-refused', 'config'],
    [507, 'XMinioStorageFull', 's3-storage-full', 'environment'],
    [400, 'canary-secret-4711', 's3-request-refused', 'config'],
  ]
  for (const [status, code, expected, kind] of cases) {
    proxy.fault = () => ({
      kind: 'answer',
      status,
      headers: { 'retry-after': '7' },
      body: `<Error><Code>${code}</Code><Message>${SECRET}</Message></Error>`,
    })
    const found = await failures(bucket, { endpoint: proxy.endpoint })
    for (const [index, error] of found.entries()) {
      // a HEAD tells only its status; after a refusal the object is asked for once more
      const known = index === 3 && code === 'SlowDown' ? 's3-unavailable' : expected
      assert.equal(error.code, known, `${code}, ${index}: ${error.message}`)
      if (known !== expected) continue
      assert.equal(error.kind, kind)
      if (kind === 'throttled') assert.equal(error.retryAfterMs, 7000)
      assert.doesNotMatch(inspect(error, { depth: 10, showHidden: true }), /canary/)
    }
  }
})

test('names the right that is missing', async (t) => {
  const bucket = await createBucket(t)
  const proxy = await startRecordingProxy(t, bucket.endpoint)
  proxy.fault = () => ({ kind: 'answer', status: 403, body: '<Error><Code>AccessDenied</Code></Error>' })
  const found = await failures(bucket, { endpoint: proxy.endpoint, prefix: 'billing/' })
  assert.deepEqual(
    found.map(({ message }) => /s3:\w+/.exec(message)?.[0]),
    ['s3:PutObject', 's3:PutObject', 's3:ListBucket', 's3:GetObject', 's3:ListBucket'],
  )
  assert.match(found[0]?.fix ?? '', /Grant s3:PutObject on the bucket "[\w-]+" and the prefix "billing\/"/)
})

test('says that the store does not answer in time', async (t) => {
  const bucket = await createBucket(t)
  const proxy = await startRecordingProxy(t, bucket.endpoint)
  proxy.fault = () => ({ kind: 'silence' })
  await using source = await openSource(
    contextFor(bucket, { endpoint: proxy.endpoint, attempts: 1, requestTimeout: 'PT1S' }),
  )
  await assert.rejects(source.check(signal), { code: 's3-timeout', kind: 'transient' })
})

test('is not led astray by the configuration of the machine', async (t) => {
  const bucket = await createBucket(t)
  const rogue = await startRecordingProxy(t, bucket.endpoint)
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-s3-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'config')
  await writeFile(
    file,
    `[default]\nendpoint_url = ${rogue.endpoint}\nregion = eu-west-3\nuse_fips_endpoint = true\n`,
  )
  const planted: Readonly<Record<string, string>> = {
    AWS_CONFIG_FILE: file,
    AWS_SHARED_CREDENTIALS_FILE: file,
    AWS_ENDPOINT_URL: rogue.endpoint,
    AWS_ENDPOINT_URL_S3: rogue.endpoint,
    AWS_REGION: 'eu-west-3',
    AWS_ACCESS_KEY_ID: 'platform',
    AWS_SECRET_ACCESS_KEY: SECRET,
  }
  const before = { ...process.env }
  Object.assign(process.env, planted)
  try {
    const { endpoint: _, ...keysOnly } = contextFor(bucket).config
    await using aws = await openStore({ ...contextFor(bucket), config: keysOnly as never })
    const object = { key: 'a.csv', location: '', bytes: 1 }
    const link = await aws.link(object, { expiresInSeconds: 60, fileName: 'a.csv', contentType: 'text/csv' })
    assert.match(link.url, /^https:\/\/s3\.us-east-1\.amazonaws\.com\//)
    assert.match(link.url, /X-Amz-Credential=testaccess/)
    await using store = await openStore(contextFor(bucket))
    await store.check(signal)
    assert.deepEqual(rogue.requests, [])
  } finally {
    for (const name of Object.keys(planted)) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
})

async function listening(t: TestContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  t.after(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('trusts no certificate that it does not know, and one whose authority it was given', async (t) => {
  const bucket = await createBucket(t)
  const { certificate, key } = selfSigned
  const upstream = new URL(bucket.endpoint)
  const server = createSecureServer({ key, cert: certificate }, (incoming, outgoing) => {
    const forward = request(
      {
        host: upstream.hostname,
        port: upstream.port,
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
      },
    )
    incoming.pipe(forward)
  })
  const endpoint = `https://${await listening(t, server)}`
  await allFail(bucket, { endpoint }, { kind: 'config', code: 's3-tls-refused', path: 'config.tls.ca' })
  await using store = await openStore(contextFor(bucket, { endpoint, tls: { ca: certificate } }))
  assert.match(await store.check(signal), /takes objects/)
})
