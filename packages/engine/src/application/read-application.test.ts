import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { readApplication, type ReadOptions } from './read-application.ts'

const manifest = `apiVersion: bulkhead.dev/v1beta1
kind: Application
metadata: { name: billing }
spec:
  owner: team-billing@example.com
  connections:
    ledger:
      connector: postgres@^1
      config: { host: { env: LEDGER_HOST }, database: ledger, user: bulkhead, password: { secret: ledger-password } }
  stores:
    exports: { connector: files@^1, config: { folder: out } }
  jobs:
    invoices:
      parameters: { month: { type: string, pattern: "\\\\d{4}-\\\\d{2}" } }
      source: { connection: ledger, queryFile: ./invoices.sql }
      process:
        - map: ./map.ts
      output: { fileName: "invoices-{month}.csv" }
`
const environment = `apiVersion: bulkhead.dev/v1beta1
kind: Environment
spec:
  env: [LEDGER_HOST]
  connections:
    ledger: { config: { database: ledger_test, password: { secret: other } } }
  policy: { limits: { rows: 10 } }
`
const files = { 'invoices.sql': 'SELECT 1', 'map.ts': 'export default (row) => row' }

async function folderOf(t: TestContext, content: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-application-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [path, text] of Object.entries(content)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

async function refusal(
  t: TestContext,
  content: Readonly<Record<string, string>>,
  options: Partial<ReadOptions> = {},
): Promise<string[]> {
  try {
    await readApplication(await folderOf(t, content), { variables: {}, ...options })
  } catch (error) {
    assert.ok(isBulkheadError(error), String(error))
    return [error, ...error.others].map(({ code, message, path }) => `${code} ${path ?? '-'}: ${message}`)
  }
  assert.fail('the application was taken')
}

/** The manifest with one piece replaced. */
function changed(from: string, to: string): Record<string, string> {
  assert.ok(manifest.includes(from))
  return {
    ...files,
    'application.yaml': manifest.replace(from, () => to),
    'environments/test.yaml': environment,
  }
}

const chosen = { environment: 'test', variables: { LEDGER_HOST: 'db.internal', HOME: '/root' } }

test('reads manifest, environment and files', async (t) => {
  const folder = await folderOf(t, changed('metadata', 'metadata'))
  const application = await readApplication(folder, chosen)
  const { connections, jobs, policy } = application.manifest.spec
  assert.equal(application.name, 'billing')
  assert.deepEqual(connections['ledger']?.config, {
    host: 'db.internal',
    database: 'ledger_test',
    user: 'bulkhead',
    password: { secret: 'other' },
  })
  assert.equal(policy.limits.rows, 10)
  assert.equal(policy.limits.time, 'PT2H')
  assert.equal(jobs['invoices']?.source.queryFile, 'invoices.sql')
  assert.deepEqual([...application.files.keys()], ['invoices.sql', 'map.ts'])
  assert.equal(Buffer.from(application.files.get('invoices.sql')?.bytes ?? '').toString(), 'SELECT 1')
  assert.equal(application.lock, undefined)
  assert.deepEqual(application.platform, { allowLoopback: false })
})

test('reads variables only where the environment lists them, and never the own ones of the platform', async (t) => {
  const host = 'spec.connections.ledger.config.host'
  const listed = 'environment-variable-missing spec.connections.ledger.config.host: The'
  assert.deepEqual(await refusal(t, changed('x', 'x')), [
    `${listed} variable LEDGER_HOST is wanted, and no environment was chosen`,
  ])
  assert.deepEqual(await refusal(t, changed('LEDGER_HOST', 'HOME'), chosen), [
    `${listed} environment does not list the variable HOME`,
  ])
  assert.deepEqual(await refusal(t, changed('LEDGER_HOST', 'BULKHEAD_SECRETS_DIR'), chosen), [
    `environment-variable-missing ${host}: The variable BULKHEAD_SECRETS_DIR belongs to the platform`,
  ])
  assert.deepEqual(await refusal(t, changed('x', 'x'), { environment: 'test', variables: {} }), [
    `${listed} environment variable LEDGER_HOST is not set`,
  ])
})

test('finds all faults at once, with their places', async (t) => {
  const content = changed('owner: team-billing@example.com', 'onwer: me')
  content['application.yaml'] =
    content['application.yaml']?.replace('connector: files@^1', 'connector: 7') ?? ''
  assert.deepEqual(await refusal(t, content, chosen), [
    'manifest-invalid spec.owner: `spec.owner` is missing (application.yaml:4:1)',
    'manifest-invalid spec.stores.exports.connector: `spec.stores.exports.connector` must be a text, not a whole number (application.yaml:11:16)',
    'manifest-invalid spec.onwer: `spec.onwer` is not known; did you mean `owner`? (application.yaml:5:3)',
  ])
})

test('takes no name of a plain object for a parameter', async (t) => {
  const content = changed('invoices-{month}', 'invoices-{constructor}')
  const [found] = await refusal(t, content, chosen)
  assert.match(found ?? '', /^manifest-invalid spec\.jobs\.invoices\.output\.fileName: .*\{constructor\}/)
})

test('holds the names in a manifest against what is declared', async (t) => {
  const content = changed('connection: ledger', 'connection: leger')
  content['application.yaml'] =
    content['application.yaml']
      ?.replace('invoices-{month}', 'invoices-{mnth}')
      .replace('./map.ts', './mop.ts')
      .replace('exports: { connector: files@^1, config: { folder: out } }', '') ?? ''
  content['application.yaml'] = content['application.yaml'].replace('  stores:\n    \n', '')
  assert.deepEqual(await refusal(t, content, chosen), [
    'connection-unknown spec.jobs.invoices.source.connection: The application declares no connection leger; did you mean `ledger`?',
    'store-unknown spec.stores: The application declares no store for its results',
    'manifest-invalid spec.jobs.invoices.output.fileName: The file name has {mnth}, which is no single parameter of the job; did you mean `month`?',
    'file-not-found spec.jobs.invoices.process[0].map: The application has no file mop.ts',
  ])
})

test('refuses declarations of parameters that contradict themselves', async (t) => {
  const content = changed(
    '{ month: { type: string, pattern: "\\\\d{4}-\\\\d{2}" } }',
    '{ month: { type: string, pattern: "(a+)+" }, day: { type: date, default: "2026-02-30" }, many: { type: integer, minimum: lots, enum: [1.5] }, b: { type: boolean, maximum: 3, pattern: a } }',
  )
  assert.deepEqual(await refusal(t, content, chosen), [
    'manifest-invalid spec.jobs.invoices.parameters.month.pattern: `spec.jobs.invoices.parameters.month.pattern` repeats what itself repeats or can match in two ways, which can take for ever on hostile text (application.yaml:14:44)',
  ])
  content['application.yaml'] = content['application.yaml']?.replace('"(a+)+"', 'a') ?? ''
  assert.deepEqual(
    (await refusal(t, content, chosen)).map((text) => text.split(':')[0]),
    [
      'manifest-invalid spec.jobs.invoices.parameters.day.default',
      'manifest-invalid spec.jobs.invoices.parameters.many.minimum',
      'manifest-invalid spec.jobs.invoices.parameters.many.enum',
      'manifest-invalid spec.jobs.invoices.parameters.b.pattern',
      'manifest-invalid spec.jobs.invoices.parameters.b.maximum',
    ],
  )
})

test('an environment sets flags that the application declares, whatever they were', async (t) => {
  const content = changed(
    '  jobs:',
    '  flags: { tariff: false, share: { percent: 10 }, variant: a }\n  jobs:',
  )
  content['environments/test.yaml'] = `${environment}  flags: { tariff: { percent: 20 }, share: true }\n`
  const application = await readApplication(await folderOf(t, content), chosen)
  assert.deepEqual(application.manifest.spec.flags, { tariff: { percent: 20 }, share: true, variant: 'a' })
  content['environments/test.yaml'] = `${environment}  flags: { tarif: true }\n`
  assert.match(
    (await refusal(t, content, chosen)).join(),
    /manifest-invalid spec\.flags\.tarif: .* does not declare; did you mean `tariff`\?/,
  )
  content['environments/test.yaml'] = `${environment}  flags: { tariff: { percent: 101 } }\n`
  assert.match(
    (await refusal(t, content, chosen)).join(),
    /spec\.flags\.tariff\.percent` must be at most 100/,
  )
})

test('says of a feature of a later version that it is one', async (t) => {
  const content = changed(
    'process:\n        - map: ./map.ts',
    'skip: {}\n      process:\n        - validate: { schema: ./map.ts, onInvalid: dead-letter }',
  )
  content['application.yaml'] += '    two:\n      steps: {}\n  lookups: {}\n'
  assert.deepEqual(await refusal(t, content, chosen), [
    'not-in-this-version spec.jobs.invoices.skip: `spec.jobs.invoices.skip` is a feature of a later version: a budget of skipped records (application.yaml:16:7)',
    'not-in-this-version spec.jobs.invoices.process[0].validate.onInvalid: `spec.jobs.invoices.process[0].validate.onInvalid` is a feature of a later version: dead letters (application.yaml:18:41)',
    'not-in-this-version spec.jobs.two.steps: `spec.jobs.two.steps` is a feature of a later version: jobs of several steps (application.yaml:21:7)',
    'not-in-this-version spec.lookups: `spec.lookups` is a feature of a later version: lookups (application.yaml:22:3)',
  ])
})

test('names an environment that is not there, and those that are', async (t) => {
  assert.deepEqual(await refusal(t, changed('x', 'x'), { environment: 'tset' }), [
    'environment-not-found -: The application has no environment tset; did you mean `test`?',
  ])
  assert.deepEqual(await refusal(t, changed('x', 'x'), { environment: '../../etc/passwd' }), [
    'environment-not-found -: The application has no environment ["../../etc/passwd"]',
  ])
})

test('refuses an overlay of what is not declared', async (t) => {
  const content = { ...changed('x', 'x'), 'environments/test.yaml': environment.replace('ledger:', 'leger:') }
  assert.ok(
    (await refusal(t, content, chosen)).includes(
      'manifest-invalid spec.connections.leger: The environment sets `spec.connections.leger`, which the application does not declare; did you mean `ledger`?',
    ),
  )
})

test('reads no file outside the folder, by whatever way it is named', async (t) => {
  for (const named of ['../secret.sql', '/etc/passwd', 'a/../../b', 'C:\\\\x', '.', 'sub/'])
    assert.match(
      (await refusal(t, changed('./invoices.sql', `"${named}"`), chosen)).join(),
      /^file-outside-application spec\.jobs\.invoices\.source\.queryFile/,
      named,
    )
  const folder = await folderOf(t, changed('./invoices.sql', 'link.sql'))
  await symlink('/etc/passwd', join(folder, 'link.sql'))
  await assert.rejects(readApplication(folder, chosen), { code: 'file-outside-application' })
})

test('follows a link within the folder', async (t) => {
  const folder = await folderOf(t, changed('./invoices.sql', 'link.sql'))
  await symlink('invoices.sql', join(folder, 'link.sql'))
  assert.ok((await readApplication(folder, chosen)).files.has('link.sql'))
})

test('refuses a folder without a manifest, and one that is no folder', async (t) => {
  assert.deepEqual(await refusal(t, {}), ['application-not-found -: The folder has no application.yaml'])
  await assert.rejects(readApplication('/not/there', { variables: {} }), { code: 'application-not-found' })
})

test('refuses what is not a manifest', async (t) => {
  assert.deepEqual(await refusal(t, { 'application.yaml': '' }), [
    'manifest-invalid -: The document must be an object, not null',
  ])
  assert.match(
    (await refusal(t, { 'application.yaml': 'a: b: c' })).join(),
    /^manifest-unreadable -: application.yaml:1:4/,
  )
  assert.match(
    (await refusal(t, { 'application.yaml': `a: ${'x'.repeat(5_000_000)}` })).join(),
    /larger than/,
  )
})
