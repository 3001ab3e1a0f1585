import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBulkheadError, z } from '@bulkhead/connector-sdk'
import { readRequest } from '@bulkhead/contract'
import { catalogOf } from '../catalog/catalog-of.ts'
import { describePlan, planAsData } from './describe-plan.ts'
import { planRun } from './plan-run.ts'
import type { Plan } from './plan.ts'
import { secretsIn } from './planned-connection.ts'
import { applicationOf } from './sample-application.test-support.ts'

const config = z.strictObject({
  host: z.string(),
  user: z.string(),
  password: z.string().meta({ secret: true }),
  headers: z.record(z.string(), z.string().meta({ secret: true })).optional(),
  tls: z
    .strictObject({
      mode: z.enum(['on', 'off']).default('on'),
      key: z.string().optional().meta({ secret: true }),
    })
    .optional(),
})
const connector = {
  name: 'vault-db',
  version: '1.0.0',
  folder: '/connectors/vault-db',
  integrity: () => 'sha256-0' as const,
  manifest: {
    name: 'vault-db',
    version: '1.0.0',
    sdk: 1 as const,
    summary: '',
    config: z.toJSONSchema(config, { io: 'input' }) as Record<string, unknown>,
    query: { type: 'string' },
    source: {
      forms: ['rows' as const],
      encodes: {},
      snapshot: false,
      replayable: true,
      readOnly: 'enforced' as const,
      query: 'sql' as const,
      limitsRows: true,
    },
    errors: [],
  },
}

const settings = { host: 'db', user: 'reader' }

function plan(
  given: { readonly config?: object; readonly credentials?: object },
  opened?: Readonly<Record<string, unknown>>,
  plainCredentials: 'allow' | 'refuse' = 'refuse',
): Plan {
  const application = applicationOf({
    policy: { adHoc: { connectors: ['*'], plainCredentials } },
    stores: { exports: { connector: 'store', config: {} } },
  })
  const store = {
    ...connector,
    name: 'store',
    manifest: {
      ...connector.manifest,
      name: 'store',
      config: { type: 'object', properties: {} },
      store: { parallelParts: true, links: 'platform' as const },
    },
  }
  const source = {
    connector: 'vault-db',
    config: settings,
    credentials: { jwe: 'eyJ' },
    query: 'SELECT 1',
    ...given,
  }
  return planRun({
    application,
    request: readRequest({ requestId: 'r', source }),
    catalog: catalogOf([connector, store]),
    nowMs: 0,
    credentials: opened,
  })
}

function refusal(...question: Parameters<typeof plan>): string {
  try {
    plan(...question)
  } catch (error) {
    if (!isBulkheadError(error)) throw error
    assert.ok(error.fix)
    assert.ok(!`${error.message}${error.fix}`.includes('hunter2'))
    return `${error.code} ${error.path}`
  }
  assert.fail('the request was planned')
}

test('sealed credentials become secrets of the plan, whatever the policy says of those in clear', () => {
  const opened = { password: 'hunter2', tls: { key: 'PEM hunter2' } }
  const made = plan({ config: { ...settings, tls: { mode: 'on' } } }, opened)
  assert.deepEqual(
    secretsIn(made.source).map((secret) => secret.reveal()),
    ['hunter2', 'PEM hunter2'],
  )
  assert.equal(made.source.config['host'], 'db')
  assert.equal((made.source.config['tls'] as { mode: string }).mode, 'on')
  for (const shown of [JSON.stringify(made), JSON.stringify(planAsData(made)), describePlan(made)])
    assert.doesNotMatch(shown, /hunter2/)
})

test('a sealed request is planned without what nobody here can open', () => {
  assert.equal('password' in plan({}).source.config, false)
  assert.equal(refusal({ config: { host: 'db' } }), 'connection-config-invalid source.config.user')
  assert.equal(
    refusal({ credentials: undefined as never }),
    'connection-config-invalid source.config.password',
  )
})

test('sealed credentials change no host and no other setting', () => {
  const wrong: readonly Readonly<Record<string, unknown>>[] = [
    { host: 'evil', password: 'hunter2' },
    { password: 'hunter2', tls: { key: 'x', mode: 'off' } },
    { password: 'hunter2', tls: {} },
    { password: ['hunter2'] },
    { password: { deep: 'hunter2' } },
    { password: 1 },
    { password: null },
    { hunter2: 'password' },
    { constructor: 'hunter2' },
    JSON.parse('{"__proto__":{"host":"hunter2"}}') as Record<string, unknown>,
    {},
  ]
  for (const opened of wrong)
    assert.equal(refusal({}, opened), 'credentials-invalid source.credentials.jwe', JSON.stringify(opened))
  // no object of settings comes with them: it could change what its absence means
  assert.equal(
    refusal({}, { password: 'hunter2', tls: { key: 'x' } }),
    'credentials-invalid source.config.tls',
  )
})

test('sealed credentials name no secret of the application', () => {
  for (const opened of [
    { password: { secret: 'hunter2' } },
    { password: 'x', headers: { secret: 'hunter2' } },
    { secret: 'hunter2' },
  ])
    assert.equal(
      refusal({ config: { ...settings, headers: {} } }, opened),
      'secret-reference-refused source.credentials.jwe',
    )
})

test('credentials come sealed or in clear, not both', () => {
  const both = { config: { ...settings, password: 'hunter2' } }
  assert.equal(refusal(both, { password: 'x' }, 'allow'), 'request-invalid source.config.password')
  assert.equal(refusal(both, undefined, 'refuse'), 'request-invalid source.config.password')
})

test('credentials in clear stand where they stand in the settings, in objects too', () => {
  const credentials = { password: 'hunter2', tls: { key: 'PEM hunter2' } }
  const made = plan({ config: { ...settings, tls: { mode: 'on' } }, credentials }, undefined, 'allow')
  assert.deepEqual(
    secretsIn(made.source).map((secret) => secret.reveal()),
    ['hunter2', 'PEM hunter2'],
  )
  assert.equal((made.source.config['tls'] as { mode: string }).mode, 'on')
  assert.equal(
    refusal({ credentials }, undefined, 'refuse'),
    'plain-credentials-refused source.credentials.password',
  )
})

test('credentials in clear change no host and no other setting', () => {
  const config = { ...settings, tls: {}, headers: {} }
  for (const [credentials, path] of [
    [{ host: 'hunter2' }, 'source.credentials.host'],
    [{ tls: { mode: 'hunter2' } }, 'source.credentials.tls.mode'],
    [{ tls: { key: 'x', other: 'hunter2' } }, 'source.credentials.tls.other'],
    [{ password: { deep: 'hunter2' } }, 'source.credentials.password.deep'],
    [{ tls: {} }, 'source.credentials.tls'],
  ] as const)
    assert.match(refusal({ config, credentials }, undefined, 'allow'), new RegExp(`^request-invalid ${path}`))
  // no object of settings comes with them: it could change what its absence means
  assert.equal(
    refusal({ credentials: { password: 'x', tls: { key: 'hunter2' } } }, undefined, 'allow'),
    'request-invalid source.config.tls',
  )
  assert.equal(
    refusal({ config, credentials: { password: 'x', headers: { secret: 'hunter2' } } }, undefined, 'allow'),
    'secret-reference-refused source.credentials.headers',
  )
})
