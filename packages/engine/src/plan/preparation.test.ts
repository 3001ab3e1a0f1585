import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { preparedSchema, type PreparedResult } from '@bulkhead/contract'
import { describePlan, planAsData } from './describe-plan.ts'
import type { Plan } from './plan.ts'
import { applicationOf, planOf } from './sample-application.test-support.ts'

const application = applicationOf({
  connections: { replica: { connector: 'postgres@^1', config: { host: 'replica' } } },
  jobs: {
    ready: {
      parameters: {
        customer: { type: 'integer' },
        pin: { type: 'string', default: '0000', secret: true },
      },
      prepare: './prepare.ts',
      source: { connection: 'ledger' },
      output: { fileName: 'of-{year}.csv' },
    },
  },
})
const asked = { job: 'ready', parameters: { customer: '7' } }

function prepared(result: PreparedResult, request: Record<string, unknown> = asked): Plan {
  return planOf(application, request, preparedSchema.parse(result))
}

function refused(result: PreparedResult, request?: Record<string, unknown>): string[] {
  try {
    prepared(result, request)
  } catch (error) {
    if (!isBulkheadError(error)) throw error
    return [error, ...error.others].map(({ code, path }) => `${code} ${path}`)
  }
  assert.fail('it was planned')
}

test('is planned as the job stands while its preparing work was not asked, and says so', () => {
  const plan = planOf(application, asked)
  assert.equal(plan.preparation?.result, undefined)
  assert.deepEqual(plan.preparation?.connections, ['ledger', 'lake', 'replica'])
  assert.deepEqual(plan.preparation?.parameters, { customer: 7, pin: '0000' })
  assert.match(
    describePlan(plan),
    /^Prepare +by \.\/prepare\.ts, within 30 s, before .* may choose ledger, lake, replica$/m,
  )
  assert.deepEqual(planAsData(plan)['prepare'], {
    by: './prepare.ts',
    timeoutMs: 30_000,
    connections: ['ledger', 'lake', 'replica'],
    asked: false,
  })
})

test('reads what was prepared: connection, query, parameters and name of the file', () => {
  const plan = prepared({
    connection: 'replica',
    query: 'SELECT :customer, :year',
    parameters: { customer: 8, year: 2026 },
  })
  assert.equal(plan.source.name, 'replica')
  assert.equal(plan.source.query, 'SELECT :customer, :year')
  assert.deepEqual(plan.source.parameters, { customer: 8, year: 2026 })
  assert.equal(plan.output.fileName, 'of-2026.csv')
  const named = prepared({ query: 'SELECT 1', fileName: 'ours' })
  assert.equal(named.output.fileName, 'ours.csv')
  const wished = prepared({ query: 'SELECT 1', fileName: 'ours' }, { ...asked, output: { fileName: 'mine' } })
  assert.equal(wished.output.fileName, 'mine.csv')
})

test('without parameters of its own the query gets those of the request that it uses', () => {
  const result = { query: 'SELECT :customer', fileName: 'a' }
  assert.deepEqual(prepared(result).source.parameters, { customer: 7 })
})

test('cannot widen what the manifest allows', () => {
  const query = 'SELECT 1'
  const name = { fileName: 'a' }
  assert.deepEqual(refused({ ...name, query, connection: 'crm' }), ['connection-unknown prepared.connection'])
  assert.deepEqual(refused({ ...name, query: { find: 'a' } }), ['query-invalid prepared.query'])
  assert.deepEqual(refused(name), ['prepare-result-invalid prepared.query'])
  assert.deepEqual(refused({ ...name, query, parameters: { customer: 'x' } }), [
    'parameter-invalid prepared.parameters.customer',
  ])
  assert.deepEqual(refused({ ...name, query, parameters: { year: { a: 1 } } }), [
    'parameter-invalid prepared.parameters.year',
  ])
  assert.deepEqual(refused({ query, fileName: '../a' }), ['file-name-invalid prepared.fileName'])
  for (const foreign of ['connector', 'config', 'source', 'network'])
    assert.equal(preparedSchema.safeParse({ query, [foreign]: 'x' }).success, false, foreign)
})

test('the request is checked before anybody is asked', () => {
  assert.throws(() => planOf(application, { job: 'ready', parameters: { customer: 'x' } }), {
    code: 'parameter-invalid',
  })
  assert.throws(() => planOf(application, { job: 'ready' }), { code: 'parameter-missing' })
})

test('values of secret parameters are shown to nobody, declared or returned', () => {
  const plan = prepared({
    query: 'SELECT :pin, :token, :customer',
    fileName: 'a',
    parameters: { pin: '4711', token: 'hunter2', customer: 7 },
    secret: ['token'],
  })
  assert.deepEqual(plan.source.secretParameters, ['pin', 'token'])
  const shown = describePlan(plan) + JSON.stringify(planAsData(plan))
  assert.doesNotMatch(shown, /4711|hunter2/)
  assert.match(shown, /pin = \[secret\]/)
  assert.match(shown, /customer = 7/)
})
