import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createIndexName } from '../../../test/support/opensearch.ts'
import { makeCertificates } from './testing/certificates.ts'
import { demandLogin, startHttpProxy } from './testing/http-proxy.ts'
import { fillIndex } from './testing/indices.ts'
import { openSource } from './testing/open-source.ts'

/** The server of the tests has neither security plugin nor TLS: a proxy before it demands both. */
const server = createIndexName({ after })
const { index, url } = server
await fillIndex(server, index, ['{"a":1}'])
const pki = await makeCertificates()
const plain = await startHttpProxy({ after }, url, { tls: pki.server })
const mutual = await startHttpProxy({ after }, url, {
  tls: { ...pki.server, ca: pki.authority.cert, requestCert: true },
})

async function read(config: object): Promise<string[]> {
  await using open = await openSource({ attempts: 1, ...config })
  return open.lines({ index })
}

const logins: readonly (readonly [string, object, string])[] = [
  [
    'user and password',
    { user: 'bulkhead', password: 'pä:ss' },
    `Basic ${Buffer.from('bulkhead:pä:ss').toString('base64')}`,
  ],
  ['a token', { token: 'abc.def.ghi' }, 'Bearer abc.def.ghi'],
  ['an API key', { apiKey: 'aWQ6a2V5' }, 'ApiKey aWQ6a2V5'],
]
for (const [title, settings, header] of logins)
  test(`logs in with ${title}, at every request, and says when it is refused`, async (t) => {
    const proxy = await startHttpProxy(t, url, demandLogin(header))
    assert.deepEqual(await read({ nodes: [proxy.url], ...settings }), ['{"a":1}'])
    assert.ok(proxy.requests.length >= 4 && proxy.requests.every(({ login }) => login === header))
    const wrong = Object.fromEntries(Object.keys(settings).map((name) => [name, 'wrong']))
    await assert.rejects(read({ nodes: [proxy.url], ...wrong }), {
      code: 'opensearch-login-refused',
      kind: 'auth',
    })
    await assert.rejects(read({ nodes: [proxy.url] }), { code: 'opensearch-login-missing', kind: 'auth' })
  })

const ca = pki.authority.cert
const serverName = 'search.example'

test('reads over TLS from a server whose certificate is right', async () => {
  assert.deepEqual(await read({ nodes: [plain.url], tls: { ca, serverName } }), ['{"a":1}'])
})

test('refuses a certificate of an unknown authority, or of another name', async () => {
  const code = 'opensearch-certificate-refused'
  await assert.rejects(read({ nodes: [plain.url], tls: { serverName } }), { code, path: 'config.tls' })
  await assert.rejects(read({ nodes: [plain.url], tls: { ca: pki.other.cert, serverName } }), { code })
  await assert.rejects(read({ nodes: [plain.url], tls: { ca } }), { code })
  await assert.rejects(read({ nodes: [plain.url], tls: { ca, serverName: 'other.example' } }), { code })
})

test('logs in with a client certificate, where the server demands one', async () => {
  const { cert, key } = pki.client
  assert.deepEqual(await read({ nodes: [mutual.url], tls: { ca, serverName, cert, key } }), ['{"a":1}'])
  await assert.rejects(read({ nodes: [mutual.url], tls: { ca, serverName } }), { kind: 'transient' })
})

test('refuses settings of TLS that cannot be', async () => {
  const { cert } = pki.client
  const code = 'opensearch-tls-settings'
  for (const tls of [{ cert, key: pki.server.key }, { ca: '-----BEGIN CERTIFICATE-----\n!' }])
    await assert.rejects(read({ nodes: [plain.url], tls }), { code })
})

test('tells http and https apart', async () => {
  await assert.rejects(read({ nodes: [url.replace('http:', 'https:')] }), { code: 'opensearch-tls-failed' })
  await assert.rejects(read({ nodes: [plain.url.replace('https:', 'http:')] }), { kind: /transient|config/ })
})
