import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { execute } from '../../../test/support/mysql.ts'
import { makeCertificates } from './testing/certificates.ts'
import { never, openConnection, readAll, readRequest } from './testing/open-connection.ts'
import { startOwnServer } from './testing/own-server.ts'

const { folder, authority, client, other } = await makeCertificates()
const server = await startOwnServer([
  `--ssl-ca=${join(folder, 'authority.crt')}`,
  `--ssl-cert=${join(folder, 'server.crt')}`,
  `--ssl-key=${join(folder, 'server.key')}`,
])
const plain = await startOwnServer()
const password = 'correct horse'
for (const [user, how] of [
  ['anyhow', ''],
  ['by_tls', 'REQUIRE SSL'],
  ['certified', 'REQUIRE X509'],
] as const) {
  await execute(server, `CREATE USER ${user}@'127.0.0.1' IDENTIFIED BY '${password}' ${how}`)
  await execute(server, `GRANT SELECT ON mysql.* TO ${user}@'127.0.0.1'`)
}
await execute(server, "CREATE USER by_socket@'127.0.0.1' IDENTIFIED VIA unix_socket")
await execute(server, "CREATE USER without@'127.0.0.1'")
await execute(server, "GRANT SELECT ON mysql.* TO without@'127.0.0.1'")

const isEncrypted =
  "SELECT VARIABLE_VALUE <> '' AS v FROM information_schema.session_status WHERE VARIABLE_NAME = 'Ssl_cipher'"

async function encrypted(tls: object, more: Partial<typeof server> = {}): Promise<unknown> {
  await using source = await openConnection({ ...server, ...more }, { config: { tls } })
  return (await readAll(source, isEncrypted))[0]?.['v'] === 1
}
const failure = async (tls: object, more: Partial<typeof server> = {}): Promise<string> =>
  encrypted(tls, more).then(
    () => 'none',
    (error: { code: string }) => error.code,
  )
const ca = authority.cert

describe('the modes of TLS', () => {
  const modes: readonly [tls: object, expected: boolean][] = [
    [{}, false],
    [{ mode: 'auto' }, false],
    [{ mode: 'disable' }, false],
    [{ mode: 'require' }, true],
    [{ mode: 'require', ca: other.cert }, true],
    [{ mode: 'verify-ca', ca }, true],
    [{ mode: 'verify-full', ca, serverName: 'db.example' }, true],
  ]
  for (const [tls, expected] of modes)
    it(`encrypt or not: ${JSON.stringify(tls).slice(0, 40)}`, async () => {
      assert.equal(await encrypted(tls), expected)
    })

  it('refuse a certificate that is not signed, or names another host', async () => {
    for (const tls of [
      { mode: 'verify-full' },
      { mode: 'verify-ca' },
      { mode: 'verify-ca', ca: other.cert },
      { mode: 'verify-full', ca },
      { mode: 'verify-full', ca, serverName: 'other.example' },
    ])
      assert.equal(await failure(tls), 'mysql-certificate-refused')
  })
  it('refuse a server without TLS rather than doing without', async () => {
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      assert.equal(await failure({ mode }, plain), 'mysql-tls-unsupported')
  })
  it('refuse settings that cannot be read, and do not repeat them', async () => {
    const broken = '-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n'
    await assert.rejects(encrypted({ mode: 'require', ca: broken }), (error: Error) => {
      assert.equal((error as { code?: string }).code, 'mysql-tls-settings')
      assert.doesNotMatch(JSON.stringify(error) + String(error), /nothing/)
      return true
    })
    assert.equal(await failure({ mode: 'require', cert: client.cert, key: other.key }), 'mysql-tls-settings')
  })
})

describe('logging in', () => {
  it('works by a password, encrypted and not', async () => {
    for (const mode of ['require', 'disable']) {
      assert.equal(await encrypted({ mode }, { user: 'anyhow', password }), mode === 'require')
      assert.equal(await failure({ mode }, { user: 'anyhow', password: 'wrong' }), 'mysql-password-refused')
      assert.equal(await failure({ mode }, { user: 'anyhow', password: '' }), 'mysql-password-missing')
      assert.equal(await encrypted({ mode }, { user: 'without', password: '' }), mode === 'require')
    }
  })
  it('works by a certificate of the client', async () => {
    const user = { user: 'certified', password }
    assert.equal(await encrypted({ mode: 'verify-ca', ca, ...client }, user), true)
    assert.equal(await failure({ mode: 'require' }, user), 'mysql-password-refused')
  })
  it('is refused without TLS where the account demands it, and where no password counts', async () => {
    assert.equal(await encrypted({ mode: 'require' }, { user: 'by_tls', password }), true)
    assert.equal(await failure({ mode: 'disable' }, { user: 'by_tls', password }), 'mysql-password-refused')
    assert.match(
      await failure({}, { user: 'by_socket', password }),
      /^mysql-(login-unsupported|password-refused)$/,
    )
  })
})

describe('an encrypted session', () => {
  const tls = { mode: 'verify-ca', ca }
  it('reads the same as one in clear, of any length', async () => {
    const query =
      "SELECT seq, REPEAT('x', seq) AS t FROM seq_1_to_3000 UNION ALL SELECT 0, REPEAT('y', 20000000)"
    await using secure = await openConnection(server, { config: { tls } })
    await using clear = await openConnection(server)
    assert.deepEqual(await readAll(secure, query), await readAll(clear, query))
  })
  it('is stopped at the server', async () => {
    await using source = await openConnection(server, { config: { tls } })
    await assert.rejects(source.prepare(readRequest('SELECT SLEEP(600)'), AbortSignal.timeout(300)), {
      name: 'TimeoutError',
    })
    const running = await execute(
      server,
      "SELECT id FROM information_schema.processlist WHERE info LIKE '%SLEEP(60%' AND id <> CONNECTION_ID()",
    )
    assert.deepEqual(running, [])
    assert.match(await source.check(never), /, encrypted$/)
  })
})
