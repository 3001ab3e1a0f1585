import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { BulkheadError } from '@bulkhead/connector-sdk'
import { openProviders, providersOf } from './open-providers.ts'
import { createSecretResolver, resolveSecrets, type SecretResolver } from './resolve-secrets.ts'
import { takeSecretVariables } from './secret-variables.ts'

async function secretsFolder(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-secrets-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

function resolverOf(application: string, folder?: string): SecretResolver {
  const environment = { BULKHEAD_SECRETS_DIR: folder }
  const providers = openProviders(providersOf(environment), environment)
  return createSecretResolver({ application, providers, onFound: () => undefined })
}

async function failure(promise: Promise<unknown>): Promise<BulkheadError> {
  return promise.then(
    () => assert.fail('it should have failed'),
    (error: unknown) => error as BulkheadError,
  )
}

test('takes a secret from the environment before the file, and tells the redactor', async (t) => {
  const folder = await secretsFolder(t, { 'env-first/db': 'from file' })
  takeSecretVariables('env-first', { BULKHEAD_SECRET__ENV_FIRST__DB: 'from environment' })
  const told: string[] = []
  const resolver = createSecretResolver({
    application: 'env-first',
    providers: openProviders([{ environment: {} }], { BULKHEAD_SECRETS_DIR: folder }),
    onFound: (secret) => told.push(secret.reveal()),
  })
  assert.equal((await resolver.resolve('db')).reveal(), 'from environment')
  assert.deepEqual(told, ['from environment'])
})

test('takes a secret from a file, without the line end that an editor adds', async (t) => {
  const folder = await secretsFolder(t, { 'billing/db': 'pass word\r\n', 'billing/key': 'a\nb\n\n' })
  assert.equal((await resolverOf('billing', folder).resolve('db')).reveal(), 'pass word')
  assert.equal((await resolverOf('billing', folder).resolve('key')).reveal(), 'a\nb\n')
})

test('moves secrets out of the environment, so that no child inherits one', () => {
  const name = 'BULKHEAD_SECRET__CHILDLESS__DB'
  process.env[name] = 'canary-in-environment'
  process.env['BULKHEAD_SECRET__OTHER__DB'] = 'canary-of-another'
  takeSecretVariables('childless', process.env)
  const inherited = execFileSync(process.execPath, ['-p', 'JSON.stringify(process.env)'], {
    encoding: 'utf8',
  })
  assert.ok(!inherited.includes('canary'))
})

test('finds only the secrets of its own application', async (t) => {
  const folder = await secretsFolder(t, { 'other/db': 'of other' })
  takeSecretVariables('mine', {
    BULKHEAD_SECRET__OTHER__DB: 'of other',
    BULKHEAD_SECRET__MINE_OTHER__DB: 'x',
  })
  for (const name of [
    'db',
    '../other/db',
    'other__db',
    'other/db',
    '..',
    '.',
    '',
    'DB',
    'a--b',
    'x'.repeat(41),
  ]) {
    const error = await failure(resolverOf('mine', folder).resolve(name))
    assert.equal(error.code, 'secret-not-found', name)
  }
})

test('names both places where a missing secret was looked for', async (t) => {
  const folder = await secretsFolder(t, {})
  const error = await failure(resolverOf('billing-eu', folder).resolve('ledger-password', 'spec.x'))
  assert.equal(error.kind, 'config')
  assert.equal(error.path, 'spec.x')
  assert.match(error.message, /BULKHEAD_SECRET__BILLING_EU__LEDGER_PASSWORD/)
  assert.match(error.message, /\$BULKHEAD_SECRETS_DIR\/billing-eu\/ledger-password/)
  assert.ok(!error.message.includes(folder))
  assert.match((await failure(resolverOf('b').resolve('c'))).message, /BULKHEAD_SECRETS_DIR is not set/)
})

test('follows links inside the folder of the application, as Kubernetes mounts them, and none out of it', async (t) => {
  const folder = await secretsFolder(t, {
    'billing/..2026/db': 'mounted',
    'other/db': 'of other',
    loose: 'outside',
  })
  await symlink('..2026', join(folder, 'billing/..data'))
  await symlink('..data/db', join(folder, 'billing/db'))
  await symlink('../other/db', join(folder, 'billing/sneaky'))
  await symlink(join(folder, 'loose'), join(folder, 'billing/absolute'))
  await symlink('other', join(folder, 'alias'))
  assert.equal((await resolverOf('billing', folder).resolve('db')).reveal(), 'mounted')
  for (const [application, name] of [
    ['billing', 'sneaky'],
    ['billing', 'absolute'],
    ['alias', 'db'],
  ] as const) {
    const error = await failure(resolverOf(application, folder).resolve(name))
    assert.equal(error.code, 'secret-unreadable')
    assert.match(error.message, /leads out of the folder/)
  }
})

test('refuses what is no secret file, saying why', async (t) => {
  const folder = await secretsFolder(t, {
    'a/empty': '\n',
    'a/large': 'x'.repeat(70_000),
    'a/folder/x': '',
    'a/open': 'x',
  })
  await writeFile(join(folder, 'a/binary'), Buffer.from([0xff, 0xfe, 0x00]))
  execFileSync('chmod', ['666', join(folder, 'a/open')])
  execFileSync('mkfifo', [join(folder, 'a/pipe')])
  const reasons = {
    empty: /is empty/,
    large: /larger than/,
    folder: /is not a file/,
    binary: /is not UTF-8/,
    open: /can be written by everyone/,
    pipe: /is not a file/,
  }
  for (const [name, reason] of Object.entries(reasons)) {
    const error = await failure(resolverOf('a', folder).resolve(name))
    assert.equal(error.code, 'secret-unreadable')
    assert.match(error.message, reason)
    assert.ok(error.fix)
  }
})

test('puts values into settings wherever a reference stands', async () => {
  takeSecretVariables('deep', { BULKHEAD_SECRET__DEEP__ONE: 'v1', BULKHEAD_SECRET__DEEP__TWO: 'v2' })
  const config = { user: 'u', password: { secret: 'one' }, tls: { keys: [{ secret: 'two' }, 'x'], depth: 1 } }
  assert.deepEqual(await resolveSecrets(config, 'spec.connections.l.config', resolverOf('deep')), {
    user: 'u',
    password: 'v1',
    tls: { keys: ['v2', 'x'], depth: 1 },
  })
  const error = await failure(
    resolveSecrets({ tls: { keys: [{ secret: 'no' }] } }, 'spec.connections.l.config', resolverOf('deep')),
  )
  assert.equal(error.path, 'spec.connections.l.config.tls.keys[0]')
})
