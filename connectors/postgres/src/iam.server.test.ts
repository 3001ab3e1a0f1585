/** Login by a token of IAM: a real server that takes for password what is signed here once more, without the SDK. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { signatureV4 } from '../../../test/support/signature-v4.ts'
import { execute } from '../../../test/support/postgres.ts'
import { openConnection, readBytes, readRequest } from './testing/open-connection.ts'
import { roles, startTlsServer } from './testing/tls-server.ts'

const server = await startTlsServer()
const target = {
  host: server.host,
  port: server.port,
  database: 'postgres',
  user: roles.clear,
  password: undefined,
}
const tls = { mode: 'verify-full', ca: server.authority, serverName: 'db.example' }
const keys = { accessKeyId: 'AKIAMADEUP', secretAccessKey: 'made/up+secret', sessionToken: 'made/up=token' }
const iam = { region: 'eu-central-1', ...keys }
const isEncrypted = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'

/** The token for a moment, by the description of AWS. */
function tokenFor(
  now: Date,
  authority = `db.example:${server.port}`,
  { accessKeyId, secretAccessKey, sessionToken } = keys,
): string {
  const date = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const query: [string, string][] = [
    ['Action', 'connect'],
    ['DBUser', roles.clear],
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${accessKeyId}/${date.slice(0, 8)}/eu-central-1/rds-db/aws4_request`],
    ['X-Amz-Date', date],
    ['X-Amz-Expires', '900'],
    ['X-Amz-Security-Token', sessionToken],
    ['X-Amz-SignedHeaders', 'host'],
  ]
  const request = { method: 'GET', path: '/', query, headers: { host: authority }, payload: '', date }
  const signature = signatureV4({ ...request, region: 'eu-central-1', service: 'rds-db' }, secretAccessKey)
  const all = new URLSearchParams([...query, ['X-Amz-Signature', signature]])
  all.sort() // AWS takes any order; this server wants the very same text
  return `${authority}/?${all.toString()}`
}

/** From now on the server takes the token of this moment, and no other password; and this is the moment. */
async function at(t: TestContext, time: string, token = tokenFor(new Date(time))): Promise<void> {
  t.mock.timers.reset()
  t.mock.timers.enable({ apis: ['Date'], now: new Date(time) })
  await execute(server.url, `ALTER ROLE ${roles.clear} PASSWORD '${token}'`)
}

const failure = (
  config: Readonly<Record<string, unknown>>,
): Promise<{ code?: string; path?: string; message: string }> =>
  openConnection(target, { config }).then(
    () => assert.fail('it logged in'),
    (error: { code?: string; path?: string; message: string }) => error,
  )

test('logs in by a token that is signed for server, user and moment, over TLS', async (t) => {
  await at(t, '2026-10-31T08:15:00Z')
  await using source = await openConnection(target, { config: { tls, iam } })
  assert.equal((await readBytes(source, readRequest(isEncrypted))).toString(), 't\n')
})

test('makes a new token for every connection', async (t) => {
  await at(t, '2026-10-31T08:15:00Z')
  await using source = await openConnection(target, { config: { tls, iam } })
  await using first = await source.prepare(readRequest('SELECT 1'), new AbortController().signal)
  assert.equal(first.fields.length, 1)
  await at(t, '2026-10-31T09:15:00Z')
  await using second = await source.prepare(readRequest('SELECT 2'), new AbortController().signal)
  assert.equal(second.fields.length, 1)
})

test('makes the token for the endpoint that AWS knows, behind a tunnel', async (t) => {
  const endpoint = 'ledger.abc.eu-central-1.rds.amazonaws.com:5432'
  const time = '2026-10-31T08:15:00Z'
  await at(t, time, tokenFor(new Date(time), endpoint))
  await using source = await openConnection(target, { config: { tls, iam: { ...iam, endpoint } } })
  assert.match(await source.check(new AbortController().signal), /encrypted$/)
})

test('a token that the server refuses is an error that says what to grant, and shows no part of it', async (t) => {
  await at(t, '2026-10-31T08:15:00Z', 'another')
  const error = await failure({ tls, iam })
  assert.equal(error.code, 'postgres-login-refused')
  assert.equal(error.path, 'config.iam')
  assert.doesNotMatch(JSON.stringify(error) + error.message, /X-Amz|made|AKIA/)
})

test('no token is made for a server that has not proved who it is', async () => {
  for (const insecure of [
    {},
    { mode: 'disable' },
    { mode: 'require' },
    { mode: 'verify-ca', ca: server.authority },
  ]) {
    const error = await failure({ tls: insecure, iam })
    assert.equal(error.code, 'postgres-iam-settings')
    assert.equal(error.path, 'config.tls.mode')
  }
  const impostor = await failure({ tls: { ...tls, ca: server.otherAuthority }, iam })
  assert.equal(impostor.code, 'postgres-certificate-refused')
})

test('settings that contradict each other are refused', async () => {
  for (const [config, path] of [
    [{ iam, password: 'x' }, 'config.password'],
    [{ iam: { region: 'eu-central-1' } }, 'config.iam.accessKeyId'],
    [{ iam: { region: 'eu-central-1', accessKeyId: 'x' } }, 'config.iam.secretAccessKey'],
  ] as const) {
    const error = await failure({ tls, ...config })
    assert.equal(error.code, 'postgres-iam-settings')
    assert.equal(error.path, path)
  }
})

test('the identity of the machine is taken only where its operator allows it', async (t) => {
  const machine = { region: 'eu-central-1', identity: 'machine' }
  assert.equal((await failure({ tls, iam: machine })).code, 'postgres-machine-identity-refused')
  const environment: Record<string, string> = {
    BULKHEAD_POSTGRES_MACHINE_IDENTITY: 'allow',
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
  }
  Object.assign(process.env, environment)
  t.after(() => {
    for (const name of Object.keys(environment)) delete process.env[name]
  })
  assert.equal((await failure({ tls, iam: { ...machine, accessKeyId: 'x' } })).code, 'postgres-iam-settings')
  await at(t, '2026-10-31T08:15:00Z')
  await using source = await openConnection(target, { config: { tls, iam: machine } })
  assert.match(await source.check(new AbortController().signal), /encrypted$/)
})
