import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applicationSchema, environmentSchema } from './application.ts'
import { connectionSchema } from './connection.ts'
import { name } from './names.ts'
import { policySchema } from './policy.ts'

const least = {
  apiVersion: 'bulkhead.dev/v1beta1',
  kind: 'Application',
  metadata: { name: 'billing' },
  spec: { owner: 'me' },
}

test('the least manifest is filled up with defaults', () => {
  const { spec } = applicationSchema.parse(least)
  assert.deepEqual(spec.policy, {
    adHoc: { queries: [], connectors: [], plainCredentials: 'refuse' },
    network: {},
    limits: {
      concurrentRuns: 4,
      queued: 1000,
      memory: '1GiB',
      time: 'PT2H',
      temporary: '10GiB',
      urlExpiresIn: 'P7D',
    },
  })
  assert.deepEqual([spec.connections, spec.stores, spec.jobs, spec.replies], [{}, {}, {}, {}])
})

test('names are those of DNS, and never meet when they are joined by a hyphen', () => {
  for (const good of ['a', 'a-b', 'x1', 'a'.repeat(40)]) assert.ok(name.safeParse(good).success, good)
  for (const bad of ['', 'A', 'a_b', '-a', 'a-', 'a--b', 'a.b', 'a/b', 'a'.repeat(41)])
    assert.ok(!name.safeParse(bad).success, bad)
})

test('hosts are names, suffixes, addresses and networks, and no URLs', () => {
  const allows = (host: string): boolean => policySchema.safeParse({ network: { allow: [host] } }).success
  for (const good of [
    'db',
    'db.internal:5432',
    '*.internal',
    '*.internal:5432',
    '*',
    '*:443',
    '10.0.0.1',
    '10.0.0.0/8',
    '10.0.0.0/8:5432',
    '::1',
    'fe80::/10',
    '[::1]:5432',
    '[fe80::1]',
    '/run/postgres.sock',
  ])
    assert.ok(allows(good), good)
  for (const bad of ['https://db', 'db:port', 'a b', '', 'x*y', 'user@host', '[db]:1'])
    assert.ok(!allows(bad), bad)
})

test('an environment never lists a variable of the platform', () => {
  const listing = (variable: string): boolean =>
    environmentSchema.safeParse({
      apiVersion: least.apiVersion,
      kind: 'Environment',
      spec: { env: [variable] },
    }).success
  assert.ok(listing('LEDGER_HOST'))
  for (const bad of ['BULKHEAD_SECRETS_DIR', 'a b', '', '1A']) assert.ok(!listing(bad), bad)
})

test('refuses a timeout of a connection that no client can count', () => {
  for (const [queryTimeout, isGood] of [
    ['P24D', true],
    ['PT0.001S', true],
    ['P25D', false],
    ['PT0S', false],
    ['soon', false],
  ] as const) {
    const parsed = connectionSchema.safeParse({ connector: 'postgres', limits: { queryTimeout } })
    assert.equal(parsed.success, isGood, queryTimeout)
  }
})
