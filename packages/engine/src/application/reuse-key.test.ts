import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Request, readRequest } from '@bulkhead/contract'
import { applicationOf, planOf } from '../plan/sample-application.test-support.ts'
import type { Plan } from '../plan/plan.ts'
import { reuseKey, type ReuseScope } from './reuse-key.ts'

const job = {
  sales: {
    parameters: {
      year: { type: 'integer', default: 2026 },
      region: { type: 'string', default: 'all' },
      token: { type: 'string', secret: true, default: 'none' },
    },
    source: { connection: 'ledger', query: 'SELECT :year, :region, :token' },
    output: { fileName: 'sales-{year}.csv' },
    requestMay: ['output.fileName', 'output.format', 'output.compression', 'deliver.urlExpiresIn'],
    reuse: { within: 'PT1H' },
  },
}
const scope: ReuseScope = { revision: 'revision-1', runner: 'build-1', actor: 'token:portal' }

function keyOf(
  data: Record<string, unknown>,
  own: Partial<ReuseScope> = {},
  changes: Parameters<typeof applicationOf>[0] = {},
  change: (plan: Plan) => Plan = (plan) => plan,
): string | undefined {
  const asked = { job: 'sales', ...data }
  const plan = planOf(applicationOf({ jobs: job, ...changes }), asked)
  const request: Request = readRequest({ requestId: String(Math.random()), ...asked })
  return reuseKey(change(plan), request, { ...scope, ...own })
}

const key = keyOf({})

test('requests that differ in nothing that decides the result have one key', () => {
  assert.match(key ?? '', /^[0-9a-f]{64}$/)
  for (const same of [
    {},
    { parameters: { region: 'all', year: 2026 } },
    { parameters: { year: '2026' } },
    { context: { user: 'u17' } },
    { fresh: true },
    { validUntil: '2030-01-01T00:00:00Z' },
    { output: { format: 'csv' } },
    { output: { fileName: 'sales-2026.csv' } },
    { deliver: { urlExpiresIn: 'P1D' } },
  ])
    assert.equal(keyOf(same), key, JSON.stringify(same))
})

test('what decides the result, the link, or who may have it, is another key', () => {
  const others = [
    keyOf({ parameters: { year: 2025 } }),
    keyOf({ parameters: { region: '2026' } }),
    keyOf({ output: { format: 'jsonl' } }),
    keyOf({ output: { compression: 'gzip' } }),
    keyOf({ output: { fileName: 'mine.csv' } }),
    keyOf({ deliver: { urlExpiresIn: 'PT1H' } }),
    keyOf({ ouptut: {} }),
    keyOf({}, { actor: 'token:finance' }),
    keyOf({}, { revision: 'revision-2' }),
    keyOf({}, { runner: 'build-2' }),
    keyOf({}, {}, { connections: { ledger: { connector: 'postgres@^1', config: { host: 'replica' } } } }),
    keyOf(
      {},
      {},
      {
        connections: {
          ledger: { connector: 'postgres@^1', config: { host: 'db', password: { secret: 'other' } } },
        },
      },
    ),
    keyOf({}, {}, { stores: { other: { connector: 'files@^1', config: {} } } }),
    keyOf({}, {}, { flags: { beta: true } }),
    keyOf({}, {}, {}, (plan) => ({ ...plan, application: 'crm' })),
    keyOf({}, {}, {}, (plan) => ({
      ...plan,
      source: { ...plan.source, connector: { ...plan.source.connector, integrity: () => 'sha256-1' } },
    })),
  ]
  assert.deepEqual(
    others.filter((other) => other === undefined || other === key),
    [],
  )
  assert.equal(new Set(others).size, others.length)
})

test('a request with secrets or a query of its own, or one that its job looks at first, shares nothing', () => {
  assert.equal(keyOf({ parameters: { token: 'mine' } }), undefined)
  const adHoc = { job: undefined, source: { connection: 'ledger', query: 'SELECT 1' } }
  assert.equal(keyOf(adHoc, {}, { policy: { adHoc: { queries: ['ledger'] } } }), undefined)
  const { reuse: _reuse, ...sales } = job.sales
  const prepared = { sales: { ...sales, prepare: './prepare.ts' } }
  assert.equal(keyOf({}, {}, { jobs: prepared }), undefined)
})
