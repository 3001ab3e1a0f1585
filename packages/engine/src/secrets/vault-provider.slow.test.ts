/** Against a fake of Vault's HTTP API, see `fake-vault.test-support.ts`. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import { secretProviderSchema, type SecretProviderSettings } from '@bulkhead/contract'
import { type FakeVault, startFakeVault } from './fake-vault.test-support.ts'
import { openProviders } from './open-providers.ts'
import { createSecretResolver, type SecretResolver } from './resolve-secrets.ts'
import { createSecretGrants } from './secret-grants.ts'

async function vaultWith(
  t: TestContext,
  secrets: Readonly<Record<string, Readonly<Record<string, unknown>> | null>> = {},
): Promise<FakeVault> {
  const vault = await startFakeVault()
  t.after(() => vault[Symbol.asyncDispose]())
  for (const [path, fields] of Object.entries(secrets)) vault.secrets.set(path, fields)
  return vault
}

function settingsOf(vault: FakeVault, more: object = {}): SecretProviderSettings {
  return secretProviderSchema.parse({
    vault: { address: vault.address, token: { env: 'VAULT_TOKEN' }, ...more },
  })
}

function resolverOf(
  application: string,
  vault: FakeVault,
  settings: readonly SecretProviderSettings[] = [settingsOf(vault)],
  token = vault.rootToken,
): SecretResolver {
  const providers = openProviders(settings, { VAULT_TOKEN: token })
  return createSecretResolver({ application, providers, onFound: () => undefined })
}

async function refusal(resolver: SecretResolver, name = 'db'): Promise<string> {
  try {
    await resolver.resolve(name, 'spec.connections.a')
  } catch (error) {
    if (!isBulkheadError(error)) throw error
    assert.ok(error.fix)
    assert.equal(error.path, 'spec.connections.a')
    assert.doesNotMatch(`${error.message} ${error.fix} ${String(error.cause)}`, /hunter2|hvs\./)
    return `${error.code}: ${error.message}`
  }
  assert.fail('it was found')
}

test('finds the secret of an application, once for a run', async (t) => {
  const vault = await vaultWith(t, { 'bulkhead/billing/db': { value: 'hunter2', pem: 'hunter2 PEM' } })
  const resolver = resolverOf('billing', vault)
  const both = await Promise.all([resolver.resolve('db'), resolver.resolve('db')])
  assert.deepEqual(
    both.map((secret) => secret.reveal()),
    ['hunter2', 'hunter2'],
  )
  assert.deepEqual(vault.asked, ['GET /v1/secret/data/bulkhead/billing/db -'])
  const field = [settingsOf(vault, { field: 'pem', namespace: 'team/a' })]
  assert.equal((await resolverOf('billing', vault, field).resolve('db')).reveal(), 'hunter2 PEM')
  assert.equal(vault.asked[1], 'GET /v1/secret/data/bulkhead/billing/db team/a')
})

test('asks the next provider for what Vault does not have, and names all places when none has it', async (t) => {
  const vault = await vaultWith(t, { 'bulkhead/billing/gone': null })
  const chain = [settingsOf(vault), { environment: {} }]
  const environment = { VAULT_TOKEN: vault.rootToken, BULKHEAD_SECRET__BILLING__DB: 'from a variable' }
  const resolver = createSecretResolver({
    application: 'billing',
    providers: openProviders(chain, environment),
    onFound: () => undefined,
  })
  assert.equal((await resolver.resolve('db')).reveal(), 'from a variable')
  const said = await refusal(resolver, 'gone')
  assert.match(
    said,
    /^secret-not-found: .*Vault at http:\S+ has no secret\/bulkhead\/billing\/gone, and BULKHEAD_SECRET__BILLING__GONE is not set/,
  )
})

test('says what is wrong without a value, and what may pass as transient', async (t) => {
  const vault = await vaultWith(t, {
    'bulkhead/billing/db': { other: 'hunter2' },
    'bulkhead/billing/number': { value: 12345 },
  })
  assert.match(
    await refusal(resolverOf('billing', vault)),
    /^secret-unreadable: .*no text in its field "value"/,
  )
  assert.match(await refusal(resolverOf('billing', vault), 'number'), /^secret-unreadable/)
  assert.match(
    await refusal(resolverOf('billing', vault, undefined, 'hvs.wrong')),
    /^secret-unreadable: .*may not be read/,
  )
  assert.match(
    await refusal(resolverOf('billing', vault, undefined, '')),
    /^secret-provider-unavailable: .*VAULT_TOKEN holds none/,
  )
  assert.match(
    await refusal(resolverOf('billing', vault, undefined, 'a\r\nx: y')),
    /^secret-provider-unavailable/,
  )
  for (const [broken, reason] of [
    [{ status: 503, body: '{"errors":["Vault is sealed"]}' }, /^secret-provider-unavailable: .*HTTP 503/],
    [{ status: 429 }, /^secret-provider-unavailable/],
    [{ status: 302, location: 'http://127.0.0.1:9/' }, /^secret-provider-unavailable: .*redirects/],
    [{ status: 400, body: 'hunter2' }, /^secret-unreadable: .*HTTP 400/],
    [{ status: 200, body: 'hunter2' }, /^secret-unreadable: .*no text/],
    [{ status: 200, body: 'hunter2 '.repeat(100_000) }, /^secret-unreadable: .*more than/],
  ] as const) {
    vault.broken = broken
    assert.match(await refusal(resolverOf('billing', vault)), reason)
  }
  assert.match(
    await refusal(resolverOf('billing', { ...vault, address: 'http://127.0.0.1:1' })),
    /^secret-provider-unavailable: .*cannot be reached/,
  )
})

test('leads nowhere but below the name of the application', async (t) => {
  const vault = await vaultWith(t, { 'bulkhead/shipping/db': { value: 'hunter2' } })
  for (const name of ['../shipping/db', '..%2fshipping%2fdb', 'a--b', 'a/b', ''])
    assert.match(await refusal(resolverOf('billing', vault), name), /^secret-not-found/)
  assert.deepEqual(vault.asked, [])
  for (const more of [
    { prefix: '..' },
    { prefix: 'a/../b' },
    { mount: 'a//b' },
    { prefix: 'a?b' },
    { tokenRole: 'a/b' },
  ])
    assert.throws(() => settingsOf(vault, more))
})

test('runners get a token that reads the secrets of their application only', async (t) => {
  const vault = await vaultWith(t, {
    'bulkhead/billing/db': { value: 'mine' },
    'bulkhead/shipping/db': { value: 'hunter2' },
  })
  const stateFolder = await mkdtemp(join(tmpdir(), 'bulkhead-grants-'))
  t.after(() => rm(stateFolder, { recursive: true }))
  const warned: string[] = []
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => void warned.push(message),
  }
  const environment = { VAULT_TOKEN: vault.rootToken }
  vault.leaseSeconds = 2
  const grants = createSecretGrants([{ environment: {} }, settingsOf(vault)], {
    stateFolder,
    environment,
    log,
  })
  const granted = await grants.of('billing')
  assert.equal(await grants.of('billing'), granted)
  assert.ok(!JSON.stringify(granted).includes('hvs.'))
  const runner = (application: string): SecretResolver =>
    // a runner has none of the server's variables
    createSecretResolver({
      application,
      providers: openProviders(granted, {}),
      onFound: () => undefined,
    })
  assert.equal((await runner('billing').resolve('db')).reveal(), 'mine')
  // also when its code asks for another's
  assert.match(await refusal(runner('shipping')), /^secret-unreadable: .*may not be read/)
  const file = join(stateFolder, 'provider-tokens/billing/1.token')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const first = await readFile(file, 'utf8')
  await sleep(1300)
  assert.notEqual(await readFile(file, 'utf8'), first)
  assert.deepEqual(warned, [])
  await grants[Symbol.asyncDispose]()
  assert.deepEqual(await readdir(join(stateFolder, 'provider-tokens')), [])

  const refused = settingsOf(vault, { policy: 'root-{application}' })
  await using none = createSecretGrants([refused], { stateFolder, environment, log })
  const useless = await none.of('billing')
  assert.match(warned.join(), /no token of the policy root-billing: HTTP 400/)
  assert.match(
    await refusal(
      createSecretResolver({
        application: 'billing',
        providers: openProviders(useless, {}),
        onFound: () => undefined,
      }),
    ),
    /^secret-provider-unavailable: There is no token for Vault/,
  )
})
