import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { createServer, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { createDatabase } from '../../../test/support/mongodb.ts'
import { addressOf, settingsOf } from './testing/connection.ts'
import { failureOf, openSource } from './testing/open-source.ts'

/** The stand-in has no TLS: a real one of Node stands before it and passes on what it deciphers. */

const run = promisify(execFile)
const { signal } = new AbortController()
const plain = settingsOf(createDatabase({ after }))

async function certificate(name: string): Promise<{ readonly cert: string; readonly key: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-mongodb-tls-'))
  after(() => rm(folder, { recursive: true }))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const subject = ['-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  await run('openssl', [...request, ...subject, '-keyout', key, '-out', cert])
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
}

const own = await certificate('localhost')
const other = await certificate('db.example')

async function startTls(pair: { readonly cert: string; readonly key: string }): Promise<number> {
  const sockets = new Set<TLSSocket>()
  const server = createServer(pair, (client) => {
    const upstream = connect(addressOf(plain))
    sockets.add(client)
    for (const socket of [client, upstream])
      socket.on('error', () => undefined).on('close', () => void (client.destroy(), upstream.destroy()))
    client.pipe(upstream).pipe(client)
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const named = await startTls(own)
const misnamed = await startTls(other)

async function answer(port: number, tls: object): Promise<string> {
  await using source = await openSource({ ...plain, hosts: [`localhost:${port}`], tls })
  return await source.check(signal)
}

it('encrypts by every mode, and verifies what the mode says', async () => {
  for (const [port, tls] of [
    [named, { mode: 'require' }],
    [misnamed, { mode: 'require', ca: own.cert }],
    [misnamed, { mode: 'verify-ca', ca: other.cert }],
    [named, { mode: 'verify-full', ca: own.cert }],
  ] as const)
    assert.match(await answer(port, tls), /, encrypted$/)
})

it('refuses a certificate that nobody signed, or that names another host', async () => {
  for (const [port, tls] of [
    [named, { mode: 'verify-full' }],
    [named, { mode: 'verify-ca' }],
    [named, { mode: 'verify-ca', ca: other.cert }],
    [misnamed, { mode: 'verify-full', ca: other.cert }],
  ] as const) {
    const error = await failureOf(answer(port, tls))
    assert.equal(
      error.code,
      'mongodb-certificate-refused',
      `${JSON.stringify(tls).slice(0, 30)}: ${error.message}`,
    )
    assert.equal(error.kind, 'config')
  }
})

it('says something of TLS when only one side has it', async () => {
  assert.equal((await failureOf(answer(named, { mode: 'disable' }))).kind, 'transient')
  const error = await failureOf(answer(addressOf(plain).port, { mode: 'verify-full' }))
  assert.match(`${error.path}`, /tls/)
})
