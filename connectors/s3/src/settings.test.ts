import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { config } from './config.ts'
import { credentialsOf } from './credentials.ts'
import { translateError } from './translate-error.ts'
import { readSettings, type Settings } from './settings.ts'

const keys = { accessKeyId: 'key', secretAccessKey: 'secret' }

function settings(more: object): Settings {
  return readSettings(config.parse({ bucket: 'exports', ...more }))
}

test('reads sizes and durations', () => {
  const read = settings({ partSize: '16 MiB', requestTimeout: 'PT1M30S' })
  assert.equal(read.partBytes, 16 * 2 ** 20)
  assert.equal(read.requestTimeoutMs, 90_000)
  assert.equal(settings({ partSize: '0.5GiB' }).partBytes, 512 * 2 ** 20)
})

test('fills in what is not said', () => {
  const { partBytes, inFlight, checksum, attempts, requestTimeoutMs, encryption, identity } = settings({})
  assert.deepEqual(
    { partBytes, inFlight, checksum, attempts, requestTimeoutMs, encryption, identity },
    {
      partBytes: 8 * 2 ** 20,
      inFlight: 3,
      checksum: 'CRC32',
      attempts: 5,
      requestTimeoutMs: 120_000,
      encryption: { mode: 'none' },
      identity: 'keys',
    },
  )
})

const wrong: readonly [settings: object, path: string][] = [
  [{ partSize: '4MiB' }, 'config.partSize'],
  [{ partSize: '6GiB' }, 'config.partSize'],
  [{ encryption: { mode: 'AES256', kmsKeyId: 'k' } }, 'config.encryption.kmsKeyId'],
  [{ encryption: { bucketKey: true } }, 'config.encryption.bucketKey'],
  [{ tags: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`t${index}`, ''])) }, 'config.tags'],
  [{ endpoint: 'ftp://host' }, 'config.endpoint'],
  [{ endpoint: 'https://key:secret@host' }, 'config.endpoint'],
  [{ linkEndpoint: 'https://host/?a=b' }, 'config.linkEndpoint'],
  [{ prefix: '/billing' }, 'config.prefix'],
  [{ prefix: 'a/../b/' }, 'config.prefix'],
]

for (const [more, path] of wrong) {
  test(`refuses ${JSON.stringify(more).slice(0, 60)}`, () => {
    assert.throws(() => settings(more), { code: 's3-settings-invalid', kind: 'config', path })
  })
}

test('takes the keys that it was given, and nothing else', () => {
  assert.deepEqual(credentialsOf(settings(keys), {}), keys)
  const environment = { AWS_ACCESS_KEY_ID: 'platform', AWS_SECRET_ACCESS_KEY: 'platform' }
  assert.throws(() => credentialsOf(settings({}), environment), {
    code: 's3-credentials-missing',
    kind: 'auth',
    path: 'config.accessKeyId',
  })
  assert.throws(() => credentialsOf(settings({ accessKeyId: 'key' }), environment), {
    path: 'config.secretAccessKey',
  })
})

test('borrows the identity of the machine only when both sides say so', () => {
  const machine = settings({ identity: 'machine' })
  for (const environment of [{}, { BULKHEAD_S3_MACHINE_IDENTITY: '1' }]) {
    assert.throws(() => credentialsOf(machine, environment), {
      code: 's3-machine-identity-refused',
      kind: 'policy',
    })
  }
  const allowed = { BULKHEAD_S3_MACHINE_IDENTITY: 'allow' }
  assert.equal(credentialsOf(machine, allowed), undefined)
  assert.deepEqual(credentialsOf(settings(keys), allowed), keys)
  assert.throws(() => credentialsOf(settings({ identity: 'machine', ...keys }), allowed), {
    code: 's3-settings-invalid',
  })
})

test('passes on what the network guard of the platform said', () => {
  const refused = Object.assign(new Error('refused'), {
    [Symbol.for('bulkhead.error')]: true,
    code: 'network-refused',
  })
  const wrapped = Object.assign(new Error('failed'), { cause: refused })
  assert.equal(translateError(wrapped, { doing: 'list', right: 's3:ListBucket' }, settings(keys)), refused)
})

test('loads the AWS SDK only when a connection is opened', async () => {
  const program = `
    const { createRequire } = await import('node:module')
    await import(${JSON.stringify(new URL('index.ts', import.meta.url).href)})
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => /aws-sdk|smithy/.test(path))
    console.log(loaded.length)`
  const flags = process.execArgv.filter((flag) => flag.startsWith('--conditions'))
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...flags,
    '--input-type=module',
    '-e',
    program,
  ])
  assert.equal(stdout, '0\n')
})
