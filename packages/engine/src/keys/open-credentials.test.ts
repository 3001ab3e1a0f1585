import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { CompactEncrypt, importJWK, type CompactJWEHeaderParameters } from 'jose'
import { keyFolder, writeKeyFile } from './key-files.ts'
import { makeKeyPair, type PublicKey } from './key-pair.ts'
import { openCredentials } from './open-credentials.ts'
import { createKey } from './private-keys.ts'
import { sealCredentials } from './seal-credentials.ts'

const nowMs = Date.parse('2026-11-20T09:00:00Z')
const fields = { password: 'hunter2-ö', tls: { key: 'PEM hunter2' } }
const binding = { application: 'billing', requestId: 'req-4711 "ö"', expiresMs: nowMs + 3_600_000 }

let stateFolder = ''
let ec: PublicKey
let rsa: PublicKey
before(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), 'bulkhead-keys-'))
  ec = (await createKey(stateFolder, 'billing', 'ECDH-ES+A256KW', nowMs)).key
  rsa = (await createKey(stateFolder, 'billing', 'RSA-OAEP-256', nowMs)).key
})
after(() => rm(stateFolder, { recursive: true }))

const found: string[] = []
function open(jwe: string, changes: Partial<Parameters<typeof openCredentials>[1]> = {}): Promise<unknown> {
  found.length = 0
  const { application, requestId } = binding
  const onFound = (text: string): void => void found.push(text)
  return openCredentials(jwe, { stateFolder, application, requestId, nowMs, onFound, ...changes })
}

async function refusal(...question: Parameters<typeof open>): Promise<string> {
  try {
    await open(...question)
  } catch (error) {
    if (!isBulkheadError(error)) throw error
    assert.ok(error.fix)
    assert.equal(error.path, 'source.credentials.jwe')
    assert.equal(error.cause, undefined)
    assert.doesNotMatch(`${error.message} ${error.fix}`, /hunter2/)
    return `${error.code}: ${error.message}`
  }
  assert.fail('it was opened')
}

/** Sealed by hand, so that its header can be anything. */
async function sealed(
  header: Readonly<Record<string, unknown>> = {},
  plaintext: string | Uint8Array = JSON.stringify(fields),
  key: PublicKey = ec,
): Promise<string> {
  const { application: aud, requestId: sub, expiresMs } = binding
  const whole = { alg: key.alg, enc: 'A256GCM', kid: key.kid, aud, sub, exp: expiresMs / 1000, ...header }
  return new CompactEncrypt(Buffer.from(plaintext))
    .setProtectedHeader(JSON.parse(JSON.stringify(whole)) as CompactJWEHeaderParameters)
    .encrypt(await importJWK(key, String(whole.alg)))
}

test('opens what was sealed to either kind of key, and tells every text of it first', async () => {
  for (const key of [ec, rsa]) {
    assert.deepEqual(await open(await sealCredentials(fields, key, binding)), fields)
    assert.deepEqual(found, ['hunter2-ö', 'PEM hunter2'])
  }
})

test('opens what other implementations sealed', async (t) => {
  const file = join(import.meta.dirname, '../../../../test/fixtures/jwe/sealed-elsewhere.json')
  const fixture = JSON.parse(await readFile(file, 'utf8')) as {
    readonly plaintext: unknown
    readonly keys: readonly { readonly kid: string }[]
    readonly sealed: readonly { readonly by: string; readonly jwe: string }[]
  }
  const elsewhere = await mkdtemp(join(tmpdir(), 'bulkhead-keys-'))
  t.after(() => rm(elsewhere, { recursive: true }))
  for (const key of fixture.keys) await writeKeyFile(keyFolder(elsewhere, 'keys', 'billing'), key.kid, key)
  assert.equal(fixture.sealed.length, 4)
  for (const { by, jwe } of fixture.sealed)
    assert.deepEqual(
      await open(jwe, { stateFolder: elsewhere, requestId: 'req-4711' }),
      fixture.plaintext,
      by,
    )
})

test('takes the compact form and nothing else, of its algorithms and no others', async () => {
  const good = await sealed()
  const [header = '', ...rest] = good.split('.')
  const headerOf = (text: string): string => [Buffer.from(text).toString('base64url'), ...rest].join('.')
  const file = join(import.meta.dirname, '../../../../test/fixtures/jwe/sealed-elsewhere.json')
  const { rfc7516 } = JSON.parse(await readFile(file, 'utf8')) as { rfc7516: Record<string, string> }
  const parsed = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>
  const changed = (change: object): string => headerOf(JSON.stringify({ ...parsed, ...change }))
  const refused: readonly (readonly [jwe: string, reason: RegExp])[] = [
    ['', /no compact JWE/],
    ['eyJ', /no compact JWE/],
    [`${good}.x`, /no compact JWE/],
    [rest.join('.'), /no compact JWE/],
    [good.replace('.', '. '), /no compact JWE/],
    [JSON.stringify({ protected: header, recipients: [] }), /no compact JWE/],
    ['x'.repeat(64_001), /more than 64000 characters/],
    [headerOf('[]'), /no header/],
    [headerOf('{'), /no header/],
    [headerOf('"hunter2"'), /no header/],
    [changed({ alg: 'none' }), /another `alg`/],
    [changed({ alg: 'dir' }), /another `alg`/],
    [changed({ alg: 'RSA1_5' }), /another `alg`/],
    [changed({ alg: 'RSA-OAEP' }), /another `alg`/],
    [changed({ alg: 'ECDH-ES' }), /another `alg`/],
    [changed({ alg: 'PBES2-HS256+A128KW', p2c: 1e9 }), /another `alg`/],
    [changed({ alg: ['RSA-OAEP-256'] }), /another `alg`/],
    [changed({ enc: 'A128CBC-HS256' }), /another `enc`/],
    [changed({ zip: 'DEF' }), /are compressed/],
    [changed({ crit: ['exp'] }), /crit/],
    [changed({ crit: [] }), /crit/],
    [changed({ kid: undefined }), /do not name their key/],
    [changed({ exp: undefined }), /when they expire/],
    [changed({ exp: '2030' }), /when they expire/],
    [rfc7516['A.1'] ?? '', /another `alg`/],
    [rfc7516['A.2'] ?? '', /another `alg`/],
  ]
  for (const [jwe, reason] of refused) {
    const said = await refusal(jwe)
    assert.match(said, /^credentials-unreadable: /)
    assert.match(said, reason)
  }
})

test('is bound to application, request and time', async () => {
  assert.match(
    await refusal(await sealed({ aud: 'shipping' })),
    /^credentials-bound-elsewhere: .*application$/,
  )
  assert.match(
    await refusal(await sealed({ aud: ['billing'] })),
    /^credentials-bound-elsewhere: .*application$/,
  )
  assert.match(
    await refusal(await sealed({ aud: undefined })),
    /^credentials-bound-elsewhere: .*application$/,
  )
  assert.match(await refusal(await sealed({ sub: 'req-4712' })), /^credentials-bound-elsewhere: .*request$/)
  assert.match(await refusal(await sealed(), { requestId: 'req-4712' }), /^credentials-bound-elsewhere/)
  assert.match(await refusal(await sealed({ exp: nowMs / 1000 })), /^credentials-expired/)
  assert.match(await refusal(await sealed(), { nowMs: binding.expiresMs }), /^credentials-expired/)
  await open(await sealed({ exp: nowMs / 1000 + 1 }))
})

test('knows the keys of its own application only', async () => {
  const { publicKey } = await makeKeyPair('ECDH-ES+A256KW')
  assert.match(await refusal(await sealed({}, '{}', publicKey)), /^credentials-key-unknown/)
  for (const kid of ['', '../../keys', `../billing/${ec.kid}`, 'x'.repeat(43), `${ec.kid}\0`])
    assert.match(await refusal(await sealed({ kid })), /^credentials-key-unknown/)
  const other = (await createKey(stateFolder, 'shipping', 'ECDH-ES+A256KW', nowMs)).key
  assert.match(await refusal(await sealed({}, '{}', other)), /^credentials-key-unknown/)
})

test('says the same whatever is wrong with the key or the content', async () => {
  const { publicKey } = await makeKeyPair('ECDH-ES+A256KW')
  const other = await makeKeyPair('RSA-OAEP-256')
  const parts = (await sealed()).split('.')
  const altered = (part: number, change: (text: string) => string): string =>
    parts.map((text, index) => (index === part ? change(text) : text)).join('.')
  const flip = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
  const header = (change: object): string =>
    altered(0, (text) =>
      Buffer.from(
        JSON.stringify({ ...(JSON.parse(Buffer.from(text, 'base64url').toString()) as object), ...change }),
      ).toString('base64url'),
    )
  const wrong = [
    await sealed({ kid: ec.kid }, undefined, publicKey),
    await sealed({ kid: rsa.kid }, undefined, other.publicKey),
    await sealed({ kid: rsa.kid }), // of another kind
    altered(1, flip),
    altered(1, () => ''),
    altered(2, flip),
    altered(2, () => ''),
    altered(3, flip),
    altered(4, flip),
    altered(4, (text) => text.slice(0, 8)),
    header({ exp: binding.expiresMs / 1000 + 1 }),
    header({ epk: undefined }),
    header({ epk: { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' } }),
    header({ epk: { ...ec, x: ec['y'], y: ec['x'] } }), // not on the curve
  ]
  const said = new Set<string>()
  for (const jwe of wrong) said.add(await refusal(jwe))
  assert.deepEqual([...said], ['credentials-unopened: The sealed credentials cannot be opened'])
})

test('takes a JSON object only, and quotes nothing of what is none', async () => {
  for (const text of [
    'hunter2',
    '',
    '"hunter2"',
    '["hunter2"]',
    'null',
    '{"password":"hunter2"',
    '{"__proto__":"hunter2"}',
    `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`,
  ])
    assert.match(await refusal(await sealed({}, text)), /^credentials-invalid/)
  assert.match(await refusal(await sealed({}, Buffer.from([0xff, 0xfe, 0x7b]))), /^credentials-invalid/)
  await refusal(await sealed({}, '["hunter2", 12345678, null]'))
  assert.deepEqual(found, ['hunter2', '12345678'])
})

test('seals no more than a request may bring', async () => {
  await assert.rejects(sealCredentials({ password: 'x'.repeat(64_000) }, ec, binding), {
    code: 'credentials-invalid',
  })
})
