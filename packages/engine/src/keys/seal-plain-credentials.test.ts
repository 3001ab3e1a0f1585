import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { z } from '@bulkhead/connector-sdk'
import { readRequest } from '@bulkhead/contract'
import { catalogOf } from '../catalog/catalog-of.ts'
import type { PublicKey } from './key-pair.ts'
import { openCredentials } from './open-credentials.ts'
import { createKey } from './private-keys.ts'
import { sealPlainCredentials } from './seal-plain-credentials.ts'

const config = z.strictObject({
  host: z.string(),
  port: z.number().optional(),
  password: z.string().optional().meta({ secret: true }),
  tls: z
    .strictObject({ mode: z.string().optional(), key: z.string().optional().meta({ secret: true }) })
    .optional(),
  keys: z.array(z.string().meta({ secret: true })).optional(),
})
const catalog = catalogOf([
  {
    name: 'sample',
    version: '1.0.0',
    folder: '/connectors/sample',
    integrity: () => 'sha256-0',
    manifest: {
      name: 'sample',
      version: '1.0.0',
      sdk: 1,
      summary: '',
      config: z.toJSONSchema(config, { io: 'input' }) as Record<string, unknown>,
      query: {},
      errors: [],
    },
  },
])
const binding = { application: 'billing', requestId: 'r1', expiresMs: 2_000_000_000_000 }

let stateFolder = ''
let key: PublicKey
before(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), 'bulkhead-keys-'))
  key = (await createKey(stateFolder, 'billing', 'ECDH-ES+A256KW', 1)).key
})
after(() => rm(stateFolder, { recursive: true }))

const seal = (text: string): Promise<string> =>
  sealPlainCredentials(text, { ...binding, catalog, key: async () => key })

/** What is in the JWE of a request, after a look at the text that is to be stored. */
async function opened(text: string): Promise<unknown> {
  assert.doesNotMatch(text, /hunter2|aHVudGVyMg/)
  const { source } = readRequest(text).data
  const jwe = source !== undefined && 'connector' in source ? source.credentials?.['jwe'] : undefined
  assert.ok(typeof jwe === 'string')
  return openCredentials(jwe, {
    stateFolder,
    ...binding,
    nowMs: 1,
    onFound: () => undefined,
  })
}

const source = {
  connector: 'sample@^1',
  config: { host: 'db' },
  credentials: { password: 'hunter2' },
  query: 'SELECT 1',
}

test('seals credentials, in every envelope that a request may have', async () => {
  const event = { specversion: '1.0', id: 'r1', source: '/a', type: 'dev.bulkhead.run.requested.v1' }
  for (const request of [
    { requestId: 'r1', source },
    { ...event, data: { source } },
    { ...event, data: JSON.stringify({ source }) },
    { ...event, data_base64: Buffer.from(JSON.stringify({ source })).toString('base64') },
    {
      ...event,
      type: 'dev.knative.kafka.event',
      id: 'partition:0/offset:1',
      data: { requestId: 'r1', source },
    },
  ]) {
    const text = await seal(JSON.stringify(request))
    assert.deepEqual(await opened(text), { password: 'hunter2' })
    const read = readRequest(text)
    assert.equal(read.id, 'r1')
    assert.deepEqual(read.warnings, [])
    assert.deepEqual({ ...read.data.source, credentials: 0 }, { ...source, credentials: 0 })
  }
})

test('seals the secrets among the settings too, and leaves the objects that they stood in', async () => {
  const settings = { host: 'db', password: 'not this hunter2', tls: { mode: 'on', key: 'PEM hunter2' } }
  const text = await seal(JSON.stringify({ requestId: 'r1', source: { ...source, config: settings } }))
  assert.deepEqual(await opened(text), { password: 'hunter2', tls: { key: 'PEM hunter2' } })
  const read = readRequest(text).data.source
  assert.deepEqual(read !== undefined && 'config' in read && read.config, { host: 'db', tls: { mode: 'on' } })
})

test('keeps every digit of numbers, and drops what nobody knows', async () => {
  const text = await seal(
    `{"requestId":"r1","parameters":{"id":12345678901234567890,"rate":0.10000000000000000555},
      "source":{"connector":"sample","config":{"host":"db"},"query":"q",
      "credentails":{"password":"hunter2"},"credentials":{"password":"hunter2b"}}}`,
  )
  assert.deepEqual(await opened(text), { password: 'hunter2b' })
  assert.match(text, /"id":12345678901234567890,"rate":0\.10000000000000000555/)
  assert.match(readRequest(text).warnings.join(), /source.credentails.*did you mean/)
})

test('refuses credentials that stand twice: nobody knows which were meant', async () => {
  const text = `{"requestId":"r1","source":{"credentials":{"password":"hunter2"},"credentials":{"password":"b"}}}`
  await assert.rejects(seal(text), (error: Error & { readonly code?: string }) => {
    assert.equal(error.code, 'request-field-repeated')
    return !error.message.includes('hunter2')
  })
})

test('leaves alone what has nothing to seal, or is sealed', async () => {
  for (const request of [
    { requestId: 'r1', job: 'a' },
    { requestId: 'r1', source: { connection: 'a', query: 1 } },
    { requestId: 'r1', source: { ...source, credentials: undefined } },
    { requestId: 'r1', source: { ...source, credentials: { jwe: 'eyJ' } } },
  ]) {
    const text = ` ${JSON.stringify(request)}`
    assert.equal(await seal(text), text)
  }
})

test('refuses what it could not seal so that it can be opened', async () => {
  const request = { requestId: 'r1', source: { ...source, config: { host: 'db', keys: ['hunter2'] } } }
  await assert.rejects(seal(JSON.stringify(request)), {
    code: 'credentials-invalid',
    path: 'source.config.keys[0]',
  })
})
