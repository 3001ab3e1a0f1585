import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls, TLSSocket } from 'node:tls'
import { createDatabase, execute } from '../../../test/support/postgres.ts'
import { openSocket } from './session/open-socket.ts'
import { login } from './session/login.ts'
import { never, openConnection, readBytes, readRequest, testRunId } from './testing/open-connection.ts'
import { password, roles, startTlsServer } from './testing/tls-server.ts'
import { Connection } from './wire/connection.ts'
import { sslRequest } from './wire/frontend.ts'

const server = await startTlsServer()
const plain = await createDatabase({ after })
const target = {
  host: server.host,
  port: server.port,
  database: 'postgres',
  user: 'postgres',
  password: undefined,
}
const { authority, otherAuthority, client } = server

const isEncrypted = `SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`

async function answer(query: string, tls: object, more: object = {}): Promise<string> {
  await using source = await openConnection({ ...target, ...more }, { config: { tls } })
  return (await readBytes(source, readRequest(query))).toString()
}
const failure = async (tls: object, more: object = {}): Promise<string> =>
  answer('SELECT 1', tls, more).then(
    () => 'none',
    (error: { code: string }) => error.code,
  )

describe('the modes of TLS', () => {
  const encrypted: readonly [mode: object, csv: string][] = [
    [{}, 'f\n'],
    [{ mode: 'auto' }, 'f\n'],
    [{ mode: 'disable' }, 'f\n'],
    [{ mode: 'require' }, 't\n'],
    [{ mode: 'require', ca: otherAuthority }, 't\n'],
    [{ mode: 'verify-ca', ca: authority }, 't\n'],
    [{ mode: 'verify-full', ca: authority, serverName: 'db.example' }, 't\n'],
  ]
  for (const [tls, csv] of encrypted)
    it(`encrypt or not: ${JSON.stringify(Object.keys(tls))} ${JSON.stringify(tls).slice(0, 30)}`, async () => {
      assert.equal(await answer(isEncrypted, tls), csv)
    })

  it('refuse a certificate that is not signed, or names another host', async () => {
    assert.equal(await failure({ mode: 'verify-full' }), 'postgres-certificate-refused')
    assert.equal(await failure({ mode: 'verify-ca' }), 'postgres-certificate-refused')
    assert.equal(await failure({ mode: 'verify-ca', ca: otherAuthority }), 'postgres-certificate-refused')
    assert.equal(await failure({ mode: 'verify-full', ca: authority }), 'postgres-certificate-refused')
    assert.equal(
      await failure({ mode: 'verify-full', ca: authority, serverName: 'other.example' }),
      'postgres-certificate-refused',
    )
  })
  it('refuse a server without TLS rather than doing without', async () => {
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      assert.equal(await failure({ mode }, plain), 'postgres-tls-unsupported')
  })
  it('refuse settings that cannot be read, and do not repeat them', async () => {
    const broken = '-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n'
    await assert.rejects(
      openConnection(target, { config: { tls: { mode: 'require', ca: broken } } }),
      (error: Error) => {
        assert.equal((error as { code?: string }).code, 'postgres-tls-settings')
        assert.doesNotMatch(JSON.stringify(error) + String(error), /nothing/)
        return true
      },
    )
    assert.equal(
      await failure({ mode: 'require', cert: client.cert, key: server.impostor.key }),
      'postgres-tls-settings',
    )
  })
})

describe('logging in', () => {
  for (const [way, user] of Object.entries(roles).filter(([name]) => name !== 'cert'))
    it(`works with ${way}, encrypted and not`, async () => {
      for (const mode of ['require', 'disable'])
        assert.equal(await answer('SELECT current_user', { mode }, { user, password }), `${user}\n`)
      assert.equal(
        await failure({ mode: 'require' }, { user, password: 'wrong' }),
        'postgres-password-refused',
      )
      assert.equal(await failure({ mode: 'require' }, { user }), 'postgres-password-missing')
    })
  it('works with a client certificate', async () => {
    const user = roles.cert
    assert.equal(await answer('SELECT current_user', { mode: 'require', ...client }, { user }), `${user}\n`)
    assert.equal(await failure({ mode: 'require' }, { user }), 'postgres-login-refused')
    assert.equal(await failure({ mode: 'disable' }, { user }), 'postgres-login-refused')
  })
  it('sends no password in clear over an open network', async () => {
    const signal = AbortSignal.timeout(5000)
    const { host, port } = server
    const target = { host, port, tls: undefined, password: async () => undefined }
    const transport = await openSocket(target, signal)
    const connection = new Connection(transport, 1000, {
      message: ignore,
      copyData: () => true,
      failed: ignore,
    })
    const credentials = {
      user: roles.clear,
      database: 'postgres',
      password,
      applicationName: 'test',
      clearPassword: false,
    }
    await assert.rejects(login(connection, credentials), {
      code: 'postgres-login-refused',
      path: 'config.tls.mode',
    })
  })
  it('notices somebody in between, also where certificates are not verified', async (t) => {
    const between = await intercept(t)
    const through = { host: '127.0.0.1', port: between.port }
    // The proof of SCRAM is bound to the certificate that the client saw.
    assert.equal(
      await failure({ mode: 'require' }, { ...through, user: roles.scram, password }),
      'postgres-login-refused',
    )
    assert.equal(await failure({ mode: 'verify-ca', ca: authority }, through), 'postgres-certificate-refused')
    // Without a password there is nothing to bind, which shows that the impostor works.
    assert.equal(await answer('SELECT 1', { mode: 'require' }, through), '1\n')
  })
})

describe('an encrypted session', () => {
  const tls = { mode: 'verify-ca', ca: authority }
  const wide = `SELECT i, md5(i::text) || repeat('x', 100) AS t FROM generate_series(1, 200000) i`

  it('reads the same as one in clear', async () => {
    const [secure, clear] = await Promise.all([answer(wide, tls), answer(wide, { mode: 'disable' })])
    const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
    assert.equal(secure.length > 20_000_000, true)
    assert.equal(digest(secure), digest(clear))
  })
  it('is stopped at the server by an encrypted request', async (t) => {
    const openings: string[] = []
    const proxy = await record(t, openings)
    const stop = new AbortController()
    await using source = await openConnection({ ...target, port: proxy.port }, { config: { tls } })
    await using extract = await source.prepare(readRequest('SELECT pg_sleep(600)'), never)
    const reading = assert.rejects(extract.read(stop.signal)[Symbol.asyncIterator]().next(), {
      message: 'enough',
    })
    await sleep(200)
    stop.abort(new Error('enough'))
    await reading
    const sessions = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name LIKE '%${testRunId}%'`
    const deadline = performance.now() + 5000
    while ((await execute(server.url, sessions))[0]?.['count'] !== 0) assert.ok(performance.now() < deadline)
    assert.deepEqual(openings, [sslRequest().toString('hex'), sslRequest().toString('hex')])
  })
})

/** A proxy that notes how each connection begins. */
async function record(t: TestContext, openings: string[]): Promise<AddressInfo> {
  return listen(t, (socket) => {
    const upstream = connect(server.port, server.host)
    upstream.on('error', ignore)
    socket.once('data', (bytes: Buffer) => void openings.push(bytes.toString('hex')))
    socket.pipe(upstream).pipe(socket)
  })
}

/** Somebody in between who speaks TLS with both sides, with a certificate of his own. */
async function intercept(t: TestContext): Promise<AddressInfo> {
  return listen(t, (socket) => {
    void (async () => {
      await once(socket, 'data')
      socket.write('S')
      const towardsClient = new TLSSocket(socket, { isServer: true, ...server.impostor })
      const upstream = connect(server.port, server.host)
      upstream.write(sslRequest())
      await once(upstream, 'data')
      const towardsServer = connectTls({ socket: upstream, rejectUnauthorized: false })
      for (const each of [towardsClient, towardsServer, upstream]) each.on('error', ignore)
      socket.on('close', () => upstream.destroy())
      towardsClient.pipe(towardsServer).pipe(towardsClient)
    })()
  })
}

async function listen(t: TestContext, serve: (socket: Socket) => void): Promise<AddressInfo> {
  const sockets = new Set<Socket>()
  const listener = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', ignore)
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })
  return listener.address() as AddressInfo
}

function ignore(): void {}
