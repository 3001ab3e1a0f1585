import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createConnection } from 'mysql2/promise'
import { makeCertificates } from './testing/certificates.ts'
import { startLoginServer } from './testing/login-server.ts'
import { never, openConnection, type Overrides } from './testing/open-connection.ts'

const { authority, server: tls } = await makeCertificates()
const password = 'correct horse é'
const verified = { mode: 'verify-ca', ca: authority.cert }
const target = { host: '127.0.0.1', database: 'shop', user: 'ada' }

const login = async (port: number, given: string, config: Overrides['config'] = {}): Promise<string> => {
  try {
    await using source = await openConnection({ ...target, port, password: given }, { config: { ...config } })
    return await source.check(never)
  } catch (error) {
    return (error as { code: string }).code
  }
}
const other = async (port: number): Promise<boolean> => {
  const connection = await createConnection({ ...target, port, password })
  await connection.ping()
  connection.destroy()
  return true
}

describe('caching_sha2_password', () => {
  for (const preferred of ['caching_sha2_password', 'mysql_native_password', 'unheard_of'])
    for (const cached of [true, false])
      it(`${cached ? 'with' : 'without'} a cached hash, when the server prefers ${preferred}`, async (t) => {
        const server = await startLoginServer(t, {
          preferred,
          plugin: 'caching_sha2_password',
          password,
          cached,
        })
        assert.match(await login(server.port, password), /^MySQL 8\.4\.0 /)
        for (const proof of server.proofs) assert.ok(!proof.includes('correct'), 'the password went in clear')
        assert.equal(await login(server.port, 'wrong'), 'mysql-password-refused')
        assert.ok(await other(server.port), 'another client does not log in to this server')
      })
  it('sends the password itself only by TLS', async (t) => {
    const server = await startLoginServer(t, { plugin: 'caching_sha2_password', password, tls })
    assert.match(await login(server.port, password, { tls: verified }), /, encrypted$/)
    assert.equal(server.proofs.at(-1)?.toString(), `${password}\0`)
    assert.equal(await login(server.port, 'wrong', { tls: verified }), 'mysql-password-refused')
    assert.match(await login(server.port, password, { tls: { mode: 'disable' } }), /not encrypted$/)
  })
})

describe('mysql_clear_password, the way of tokens', () => {
  it('works where the server has proved who it is', async (t) => {
    const server = await startLoginServer(t, {
      preferred: 'mysql_native_password',
      plugin: 'mysql_clear_password',
      password,
      tls,
    })
    assert.match(await login(server.port, password, { tls: verified }), /, encrypted$/)
    assert.equal(await login(server.port, 'wrong', { tls: verified }), 'mysql-password-refused')
  })
})

describe('a way that is not known', () => {
  it('is refused by name', async (t) => {
    const server = await startLoginServer(t, { plugin: 'authentication_kerberos', password })
    assert.equal(await login(server.port, password), 'mysql-login-unsupported')
  })
})
