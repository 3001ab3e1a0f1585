/**
 * Login by a token of IAM, by the protocol: a server that asks for it as Aurora does, in clear over TLS, and takes
 * what is signed here once more, without the SDK, for server, user and moment.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { signatureV4 } from '../../../test/support/signature-v4.ts'
import { makeCertificates } from './testing/certificates.ts'
import { type LoginServer, startLoginServer } from './testing/login-server.ts'
import { never, openConnection } from './testing/open-connection.ts'

const certificates = await makeCertificates()
const tls = { mode: 'verify-full', ca: certificates.authority.cert, serverName: 'db.example' }
const keys = { accessKeyId: 'AKIAMADEUP', secretAccessKey: 'made/up+secret', sessionToken: 'made/up=token' }
const endpoint = 'shop.abc.eu-central-1.rds.amazonaws.com:3306'
const iam = { region: 'eu-central-1', endpoint, ...keys }
const moment = '2026-10-31T08:15:00Z'

/** The token for a moment, by the description of AWS. */
function tokenFor(now: Date, authority = endpoint): string {
  const date = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const query: [string, string][] = [
    ['Action', 'connect'],
    ['DBUser', 'ada'],
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${keys.accessKeyId}/${date.slice(0, 8)}/eu-central-1/rds-db/aws4_request`],
    ['X-Amz-Date', date],
    ['X-Amz-Expires', '900'],
    ['X-Amz-Security-Token', keys.sessionToken],
    ['X-Amz-SignedHeaders', 'host'],
  ]
  const request = { method: 'GET', path: '/', query, headers: { host: authority }, payload: '', date }
  const signed = { ...request, region: 'eu-central-1', service: 'rds-db' }
  const all = new URLSearchParams([...query, ['X-Amz-Signature', signatureV4(signed, keys.secretAccessKey)]])
  all.sort() // AWS takes any order; this server wants the very same text
  return `${authority}/?${all.toString()}`
}

/** Takes the token of the moment of a login, and no other password. */
function startAurora(t: TestContext, token = (): string => tokenFor(new Date())): Promise<LoginServer> {
  t.mock.timers.enable({ apis: ['Date'], now: new Date(moment) })
  return startLoginServer(t, {
    preferred: 'mysql_native_password',
    plugin: 'mysql_clear_password',
    get password() {
      return token()
    },
    tls: certificates.server,
  })
}

const open = (port: number, config: Readonly<Record<string, unknown>>) =>
  openConnection({ host: '127.0.0.1', database: 'shop', user: 'ada', password: '', port }, { config })

const failure = (
  port: number,
  config: Readonly<Record<string, unknown>>,
): Promise<{ code?: string; path?: string; message: string }> =>
  open(port, config).then(
    () => assert.fail('it logged in'),
    (error: { code?: string; path?: string; message: string }) => error,
  )

test('logs in by a token that is signed for server, user and moment, over TLS', async (t) => {
  const server = await startAurora(t)
  await using source = await open(server.port, { tls, iam })
  assert.match(await source.check(never), /user ada, encrypted$/)
  assert.equal(server.proofs.at(-1)?.toString(), `${tokenFor(new Date(moment))}\0`)
})

test('makes the token for name and port of the server where no endpoint is given', async (t) => {
  let port = 0
  const server = await startAurora(t, () => tokenFor(new Date(), `db.example:${port}`))
  port = server.port
  await using source = await open(port, { tls, iam: { region: iam.region, ...keys } })
  assert.match(await source.check(never), /encrypted$/)
})

test('makes a new token for every session', async (t) => {
  const server = await startAurora(t)
  await using source = await open(server.port, { tls, iam })
  t.mock.timers.setTime(Date.parse(moment) + 3_600_000)
  // One takes the session that is there, the other one needs a new one.
  await Promise.all([source.check(never), source.check(never)])
  const dates = server.proofs.map((proof) => /X-Amz-Date=(\w+)/.exec(proof.toString())?.[1])
  assert.deepEqual(dates, ['20261031T081500Z', '20261031T091500Z'])
})

test('a token that the server refuses is an error that says what to grant, and shows no part of it', async (t) => {
  const server = await startAurora(t, () => 'another')
  const error = await failure(server.port, { tls, iam })
  assert.equal(error.code, 'mysql-login-refused')
  assert.equal(error.path, 'config.iam')
  assert.doesNotMatch(JSON.stringify(error) + error.message, /X-Amz|made|AKIA/)
})

test('no token is made for a server that has not proved who it is', async (t) => {
  const server = await startAurora(t)
  const { ca } = tls
  for (const insecure of [{}, { mode: 'disable' }, { mode: 'require' }, { mode: 'verify-ca', ca }]) {
    const error = await failure(server.port, { tls: insecure, iam })
    assert.equal(error.code, 'mysql-iam-settings')
    assert.equal(error.path, 'config.tls.mode')
  }
  const impostor = await failure(server.port, { tls: { ...tls, ca: certificates.other.cert }, iam })
  assert.equal(impostor.code, 'mysql-certificate-refused')
  assert.deepEqual(server.proofs, [])
})

test('settings that contradict each other are refused', async () => {
  for (const [config, path] of [
    [{ iam, password: 'x' }, 'config.password'],
    [{ iam: { region: 'eu-central-1' } }, 'config.iam.accessKeyId'],
    [{ iam: { region: 'eu-central-1', accessKeyId: 'x' } }, 'config.iam.secretAccessKey'],
  ] as const) {
    const error = await failure(1, { tls, ...config })
    assert.equal(error.code, 'mysql-iam-settings')
    assert.equal(error.path, path)
  }
})

test('the identity of the machine is taken only where its operator allows it', async (t) => {
  const server = await startAurora(t)
  const machine = { region: 'eu-central-1', endpoint, identity: 'machine' }
  const refused = await failure(server.port, { tls, iam: machine })
  assert.equal(refused.code, 'mysql-machine-identity-refused')
  assert.equal(refused.path, 'config.iam.identity')
  const environment: Record<string, string> = {
    BULKHEAD_MYSQL_MACHINE_IDENTITY: 'allow',
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
  }
  Object.assign(process.env, environment)
  t.after(() => {
    for (const name of Object.keys(environment)) delete process.env[name]
  })
  const contradicting = await failure(server.port, { tls, iam: { ...machine, accessKeyId: 'x' } })
  assert.equal(contradicting.code, 'mysql-iam-settings')
  await using source = await open(server.port, { tls, iam: machine })
  assert.match(await source.check(never), /encrypted$/)
})
