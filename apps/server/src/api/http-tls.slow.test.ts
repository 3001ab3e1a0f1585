/** The API over TLS, called by a client of its own. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { makeCertificates } from '../../../../test/support/tls-front.ts'
import { serveApi } from './api.test-support.ts'
import { openHttpTls } from './http-tls.ts'

const folder = await mkdtemp(join(tmpdir(), 'bulkhead-http-tls-'))
after(() => rm(folder, { recursive: true }))
const { authority, addressed, named, client, impostor } = await makeCertificates()
const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
const clientCa = join(folder, 'ca.pem')
await writeFile(clientCa, authority.cert)
const show = async ({ cert, key }: { readonly cert: string; readonly key: string }): Promise<void> => {
  await writeFile(files.cert, cert)
  await writeFile(files.key, key)
}
const silent = { debug: () => {}, info: () => {}, warn: () => {} }

async function call(url: string, options: RequestOptions) {
  const sent = request(url, { ca: authority.cert, agent: false, ...options })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const shown = (response.socket as TLSSocket).getPeerCertificate().subject.CN
  return { status: response.statusCode, text: await text(response), shown }
}

test('who knows the authority calls over TLS, and nobody in clear', async (t) => {
  await show(addressed)
  const api = await serveApi(t, { tls: await openHttpTls(files, { log: silent }) })
  const { url } = api
  assert.match(url, /^https:/)
  assert.equal((await call(`${url}/health/live`, {})).status, 200)
  assert.equal((await call(`${url}/api/v1/runs`, { headers: await api.token('admin') })).status, 200)
  assert.equal((await call(`${url}/api/v1/runs`, {})).status, 401)
  await assert.rejects(call(`${url}/health/live`, { ca: impostor.cert }), { code: /CERT|SIGNATURE|ISSUER/ })
  await assert.rejects(fetch(`${url.replace('https', 'http')}/health/live`))
})

test('with an authority for callers every call needs a certificate and a token, but probes need none', async (t) => {
  await show(addressed)
  const tls = await openHttpTls({ ...files, clientCa }, { log: silent })
  const api = await serveApi(t, { tls })
  const { url } = api
  const headers = await api.token('admin')
  for (const probe of ['live', 'ready', 'startup'])
    assert.equal((await call(`${url}/health/${probe}`, {})).status, 200)
  for (const own of [{}, { cert: impostor.cert, key: impostor.key }]) {
    const refused = await call(`${url}/api/v1/runs`, { ...own, headers })
    assert.equal(refused.status, 403)
    assert.match(refused.text, /client-certificate-missing/)
  }
  assert.equal((await call(`${url}/api/v1/runs`, { ...client, headers })).status, 200)
  assert.equal((await call(`${url}/api/v1/runs`, client)).status, 401)
})

test('a new certificate is shown to new connections, and one that cannot be used leaves the old one', async (t) => {
  await show(addressed)
  const told: string[] = []
  const log = { ...silent, warn: (message: string) => void told.push(message) }
  const tls = await openHttpTls(files, { log, everyMs: 10 })
  const { url } = await serveApi(t, { tls })
  // the name in the certificate is what is looked at here
  const shown = async (): Promise<string | undefined> =>
    (await call(`${url}/health/live`, { checkServerIdentity: () => undefined })).shown
  assert.equal(await shown(), 'addressed')
  await writeFile(files.cert, 'no certificate')
  while (told.length === 0) await sleep(5)
  assert.equal(await shown(), 'addressed')
  await show(named)
  while ((await shown()) !== 'named') await sleep(5)
  assert.match(told[0] ?? '', /stays as it is/)
  assert.ok(!told.join().includes('PRIVATE'))
})

test('what cannot be used is said at the start', async () => {
  await show({ cert: addressed.cert, key: named.key })
  const unusable = { code: 'http-tls-unusable', path: 'spec.http.tls' }
  await assert.rejects(openHttpTls(files, { log: silent }), unusable)
  const absent = { ...files, key: join(folder, 'absent.pem') }
  await assert.rejects(openHttpTls(absent, { log: silent }), {
    code: 'http-tls-unusable',
    path: 'spec.http.tls.key',
    message: /ENOENT/,
  })
})
