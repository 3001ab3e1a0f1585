import assert from 'node:assert/strict'
import type { TLSSocket } from 'node:tls'
import { after, test } from 'node:test'
import { json, startApi } from './testing/api-server.ts'
import { makeCertificates } from './testing/certificates.ts'
import { readFailure, readRecords } from './testing/read.ts'

const { authority, other, server, client } = await makeCertificates()
const plain = await startApi({ after }, (request) => json(request, [1]))
const api = await startApi(
  { after },
  (request) => {
    if (request.path === '/down')
      return void request.response.writeHead(302, { location: `${plain.url}/x` }).end()
    if (request.path === '/token')
      return json(request, {
        access_token: `of ${who(request.response.req.socket)}`.replace(' ', '-'),
        token_type: 'Bearer',
      })
    json(request, [
      { client: who(request.response.req.socket), token: request.headers.authorization ?? null },
    ])
  },
  { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: false },
)
const strict = await startApi({ after }, (request) => json(request, [1]), {
  ...server,
  ca: authority.cert,
  requestCert: true,
  rejectUnauthorized: true,
})

function who(socket: unknown): string {
  const tls = socket as TLSSocket
  return tls.authorized ? String(tls.getPeerCertificate().subject.CN) : 'nobody'
}

const settings = (tls: object, baseUrl = api.url, more: object = {}) => ({
  baseUrl,
  tls,
  retry: { attempts: 1 },
  ...more,
})
const query = { path: 'x' }

test('trusts only who is signed by a known authority, or by the one of the settings', async () => {
  for (const tls of [{}, { ca: other.cert }]) {
    const error = await readFailure({ config: settings(tls), query })
    assert.deepEqual(
      [error.code, error.kind, error.path],
      ['http-certificate-refused', 'config', 'config.tls'],
    )
  }
  assert.deepEqual(await readRecords({ config: settings({ ca: authority.cert }), query }), [
    { client: 'nobody', token: null },
  ])
})

test('holds the certificate against the name of the settings, or else of the address', async () => {
  const named = { ca: authority.cert, serverName: 'api.example' }
  assert.equal((await readRecords({ config: settings(named), query })).length, 1)
  const error = await readFailure({
    config: settings({ ca: authority.cert, serverName: 'evil.example' }),
    query,
  })
  assert.equal(error.code, 'http-certificate-refused')
})

test('shows its certificate to the API, and not to the token endpoint', async () => {
  const tls = { ca: authority.cert, ...client }
  const auth = { type: 'oauth2', endpoint: `${api.url}/token`, clientId: 'c', clientSecret: 's' }
  assert.deepEqual(await readRecords({ config: settings(tls, api.url, { auth }), query }), [
    { client: 'client', token: 'Bearer of-nobody' },
  ])
  assert.deepEqual(await readRecords({ config: settings(tls, strict.url), query }), [1])
  const refused = await readFailure({ config: settings({ ca: authority.cert }, strict.url), query })
  assert.deepEqual([refused.code, refused.kind], ['http-tls-failed', 'transient'])
})

test('says that keys and certificates cannot be read', async () => {
  for (const tls of [
    { ca: 'no certificate' },
    { cert: 'x', key: 'y' },
    { cert: client.cert, key: server.key },
  ]) {
    const error = await readFailure({ config: settings(tls), query })
    assert.deepEqual(
      [error.code, error.path],
      ['http-tls-settings', 'config.tls'],
      JSON.stringify(Object.keys(tls)),
    )
    assert.doesNotMatch(`${error.message}`, /PRIVATE|no certificate/)
  }
})

test('follows no redirect from https down to http, and speaks TLS to no plain server', async () => {
  const down = await readFailure({ config: settings({ ca: authority.cert }), query: { path: 'down' } })
  assert.deepEqual([down.code, down.kind], ['http-redirect-elsewhere', 'policy'])
  assert.equal(plain.seen.length, 0)
  const wrong = await readFailure({ config: settings({}, plain.url.replace('http:', 'https:')), query })
  assert.equal(wrong.code, 'http-tls-failed')
})
