import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describePlan, planAsData } from './describe-plan.ts'
import { secretsIn } from './planned-connection.ts'
import { applicationOf, invoices, planOf, refusal } from './sample-application.test-support.ts'

test('a query of its own needs the leave of the policy', () => {
  const data = {
    source: { connection: 'ledger', query: 'SELECT :a' },
    parameters: { a: 1 },
    output: { format: 'jsonl' },
  }
  assert.deepEqual(refusal(applicationOf(), data), [
    'ad-hoc-refused source.connection: The application does not let a request run its own query on the connection ledger',
  ])
  const plan = planOf(applicationOf({ policy: { adHoc: { queries: ['ledger'] } } }), data)
  assert.equal(plan.job, undefined)
  assert.deepEqual(
    [plan.source.name, plan.source.parameters, plan.output.fileName],
    ['ledger', { a: 1 }, 'result.jsonl'],
  )
})

const adHoc = {
  source: {
    connector: 'postgres',
    config: { host: 'other' },
    credentials: { password: 'hunter2' },
    query: 'SELECT 1',
  },
}

test('a connector of its own needs the leave of the policy, and so do credentials in clear', () => {
  assert.match(refusal(applicationOf(), adHoc).join(), /^ad-hoc-refused source.connector/)
  const some = { adHoc: { connectors: ['postgres'] } }
  assert.deepEqual(refusal(applicationOf({ policy: some }), adHoc), [
    'plain-credentials-refused source.credentials.password: The application does not take credentials in clear',
  ])
  const inConfig = {
    source: { ...adHoc.source, credentials: undefined, config: { host: 'a', password: 'hunter2' } },
  }
  assert.match(
    refusal(applicationOf({ policy: some }), inConfig).join(),
    /^plain-credentials-refused source.config.password/,
  )
  for (const connectors of [['postgres'], ['*']]) {
    const policy = { adHoc: { connectors, plainCredentials: 'allow' } }
    const { source } = planOf(applicationOf({ policy }), adHoc)
    assert.deepEqual([source.name, source.path, source.config['host']], ['ad-hoc', 'source.config', 'other'])
  }
})

test('a plan cannot be printed with a credential in clear, and names those that a redactor must know', () => {
  const policy = { adHoc: { connectors: ['*'], plainCredentials: 'allow' } }
  const plan = planOf(applicationOf({ policy }), adHoc)
  for (const shown of [JSON.stringify(plan), JSON.stringify(planAsData(plan)), describePlan(plan)])
    assert.doesNotMatch(shown, /hunter2/)
  assert.deepEqual(
    secretsIn(plan.source).map((secret) => secret.reveal()),
    ['hunter2'],
  )
})

test('takes as credentials only what the connector marks as secret', () => {
  const policy = { adHoc: { connectors: ['*'], plainCredentials: 'allow' } }
  const data = { source: { ...adHoc.source, credentials: { host: 'evil', password: 'x' } } }
  assert.match(refusal(applicationOf({ policy }), data).join(), /^request-invalid source.credentials.host/)
})

test('a request never names a secret or a variable, but filters on fields of that name', () => {
  const policy = { adHoc: { connectors: ['*'], plainCredentials: 'allow' } }
  for (const [where, source] of [
    ['source.config.password', { ...adHoc.source, config: { password: { secret: 'db' } } }],
    ['source.config.host', { ...adHoc.source, config: { host: { env: 'HOME' } } }],
  ] as const)
    assert.match(
      refusal(applicationOf({ policy }), { source }).join(),
      new RegExp(`^secret-reference-refused ${where}`),
    )
  assert.match(
    refusal(applicationOf(), { ...invoices, parameters: { month: { secret: 'db' } } }).join(),
    /^secret-reference-refused parameters.month/,
  )
  const query = { source: { connector: 'files', query: { path: { env: 'prod' } } }, context: { secret: 'x' } }
  assert.equal(planOf(applicationOf({ policy }), query).output.format, 'binary')
})

test('lists the connections that settings name, so that nothing else can be reached', () => {
  const files = { orders: { connection: 'lake', path: '*.csv' } }
  const jobs = { two: { source: { connection: 'duck', query: 'SELECT 1' } } }
  const application = applicationOf({
    jobs,
    connections: { duck: { connector: 'duckdb', config: { files } } },
  })
  assert.deepEqual(Object.keys(planOf(application, { job: 'two' }).source.reachable), ['lake'])
  const wrong = applicationOf({
    jobs,
    connections: {
      duck: {
        connector: 'duckdb',
        config: { files: { a: { connection: 'ledger' }, b: { connection: 'lak' } } },
      },
    },
  })
  assert.match(
    refusal(wrong, { job: 'two' }).join(),
    /^connector-role-missing spec.connections.duck.config.files.a.connection/,
  )
})

test('a request with settings of its own reaches no connection that it may not query', () => {
  const policy = { adHoc: { connectors: ['duckdb'] } }
  const source = { connector: 'duckdb', config: { files: { a: { connection: 'lake' } } }, query: 'SELECT 1' }
  assert.match(
    refusal(applicationOf({ policy }), { source }).join(),
    /^ad-hoc-refused source.config.files.a.connection/,
  )
  assert.ok(
    planOf(applicationOf({ policy: { adHoc: { connectors: ['duckdb'], queries: ['lake'] } } }), { source }),
  )
})

test('plans the connections that take the place of one that cannot be reached', () => {
  const config = { host: 'db', password: { secret: 'db' } }
  const declare = (fallback: readonly string[]) => ({
    connections: {
      ledger: { connector: 'postgres@^1', config, fallback },
      near: { connector: 'postgres@^1', config, fallback: ['far'] },
      far: { connector: 'postgres@^1', config },
    },
  })
  const { source } = planOf(applicationOf(declare(['near', 'far'])), invoices)
  assert.deepEqual(
    source.fallbacks.map(({ name, path }) => [name, path]),
    [
      ['near', 'spec.connections.near.config'],
      ['far', 'spec.connections.far.config'],
    ],
  )
  assert.deepEqual(planOf(applicationOf(declare(['near'])), invoices).source.fallbacks.length, 1)
  const wrong = {
    lake: 'fallback-invalid spec.connections.ledger.fallback[0]: lake is of files 1.0.0, and ledger of postgres 1.0.0',
    ledger: 'fallback-invalid spec.connections.ledger.fallback[0]: The connection ledger is named twice',
  }
  for (const [name, message] of Object.entries(wrong))
    assert.deepEqual(refusal(applicationOf(declare([name])), invoices), [message])
  assert.match(
    refusal(applicationOf(declare(['nera'])), invoices).join(),
    /^connection-unknown spec\.connections\.ledger\.fallback\[0\]: .*near/,
  )
})
