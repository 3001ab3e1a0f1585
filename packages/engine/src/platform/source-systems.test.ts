import assert from 'node:assert/strict'
import { test } from 'node:test'
import { platformSchema, type PlatformSpec } from '@bulkhead/contract'
import { sourceSystems } from './source-systems.ts'

function systemsOf(systems: unknown): PlatformSpec['systems'] {
  return platformSchema.parse({ apiVersion: 'bulkhead.dev/v1beta1', kind: 'Platform', spec: { systems } })
    .spec.systems
}

const found = sourceSystems(
  systemsOf({
    ledger: { runs: 2, hosts: ['db.internal:5432', '[fd00::7]:5432'] },
    search: { runs: 2, hosts: ['*.search.internal'] },
    named: { runs: 1, connections: ['billing/archive', '*/lake', 'crm/*'] },
  }),
)
const at = (config: Record<string, unknown>, application = 'billing', name = 'c'): readonly string[] =>
  found(application, [{ name, config }])

test('a connection leads to a system by the addresses in its settings, however they are written', () => {
  for (const config of [
    { host: 'db.internal', port: 5432 },
    { host: 'DB.internal.', port: 5432 },
    { host: 'db.internal' },
    { hosts: ['other:5432', 'db.internal:5432'] },
    { url: 'postgres://user@db.internal:5432/ledger' },
    { contactPoints: ['a', 'db.internal'], port: 5432 },
    { brokers: 'x:1,db.internal:5432' },
    { nested: { primary: { host: 'db.internal', port: 5432 } } },
    { host: 'fd00::7', port: 5432 },
    { url: 'x://[fd00::7]:5432' },
  ])
    assert.deepEqual(at(config), ['ledger'], JSON.stringify(config))
  assert.deepEqual(at({ nodes: ['https://one.search.internal:9200'] }), ['search'])
})

test('other addresses, and settings that are no address, lead to none', () => {
  for (const config of [
    { host: 'db.internal', port: 5433 },
    { host: 'mydb.internal', port: 5432 },
    { host: 'db.internal.example', port: 5432 },
    { host: 'search.internal' },
    { host: 'other', database: 'db.internal' },
    { url: 'https://db.internal/' },
    { host: { secret: 'db.internal' } },
    { host: '' },
    {},
  ])
    assert.deepEqual(at(config), [], JSON.stringify(config))
})

test('a connection leads to a system by its name, where its address is a secret', () => {
  assert.deepEqual(at({}, 'billing', 'archive'), ['named'])
  assert.deepEqual(at({}, 'other', 'archive'), [])
  assert.deepEqual(at({}, 'other', 'lake'), ['named'])
  assert.deepEqual(at({}, 'crm', 'anything'), ['named'])
})

test('all connections count, each system once and in order', () => {
  const connections = [
    { name: 'lake', config: { host: 'a.search.internal' } },
    { name: 'b', config: { host: 'db.internal', port: 5432 } },
    { name: 'c', config: { host: 'db.internal', port: 5432 } },
  ]
  assert.deepEqual(found('billing', connections), ['ledger', 'named', 'search'])
  assert.deepEqual(sourceSystems({})('billing', connections), [])
})

test('a system that nothing leads to, or that nobody may read, is no system', () => {
  for (const system of [
    { runs: 1 },
    { runs: 0, hosts: ['a'] },
    { hosts: ['a'] },
    { runs: 1, hosts: ['a b'] },
    { runs: 1, connections: ['a'] },
  ])
    assert.throws(() => systemsOf({ one: system }), JSON.stringify(system))
})
