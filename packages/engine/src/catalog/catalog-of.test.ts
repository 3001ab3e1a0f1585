import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectorEntry } from './catalog.ts'
import { catalogOf } from './catalog-of.ts'

function entry(name: string, version: string): ConnectorEntry {
  return {
    name,
    version,
    folder: `/connectors/${name}-${version}`,
    integrity: () => 'sha256-0',
    manifest: { name, version, sdk: 1, summary: '', config: {}, query: {}, errors: [] },
  }
}

const catalog = catalogOf(
  ['1.2.0', '1.10.1', '2.0.0', '2.1.0-beta.1', '0.3.1'].map((version) => entry('postgres', version)),
  [
    { folder: '/x/kafka', name: 'kafka', reason: 'connector.json is not JSON', isIncompatible: false },
    { folder: '/x/mongo', name: 'mongo', reason: 'it was made for version 2', isIncompatible: true },
  ],
)

for (const [reference, version] of [
  ['postgres', '2.0.0'],
  ['postgres@^1', '1.10.1'],
  ['postgres@^1.3', '1.10.1'],
  ['postgres@~1.2', '1.2.0'],
  ['postgres@1', '1.10.1'],
  ['postgres@1.2', '1.2.0'],
  ['postgres@1.2.0', '1.2.0'],
  ['postgres@^0.3', '0.3.1'],
  ['postgres@^2.0.0', '2.0.0'],
] as const)
  test(`${reference} is ${version}`, () => {
    assert.equal(catalog.resolve(reference).version, version)
  })

for (const reference of ['postgres@3', 'postgres@^1.11', 'postgres@^0.4', 'postgres@1.2.1', 'postgres@^0.2'])
  test(`${reference} is not there, and what is there is named`, () => {
    assert.throws(() => catalog.resolve(reference, 'spec.connections.a.connector'), {
      code: 'connector-unknown',
      path: 'spec.connections.a.connector',
      fix: 'Installed are 2.1.0-beta.1, 2.0.0, 1.10.1, 1.2.0, 0.3.1',
    })
  })

test('suggests the connector that was meant', () => {
  assert.throws(() => catalog.resolve('postgress@^1'), /did you mean `postgres`/)
})

test('says why a broken connector cannot be used', () => {
  assert.throws(() => catalog.resolve('kafka@^1'), { code: 'connector-broken', message: /not JSON/ })
  assert.throws(() => catalog.resolve('mongo'), { code: 'connector-incompatible' })
})

test('uses a prerelease when there is nothing else', () => {
  assert.equal(catalogOf([entry('a', '1.0.0-rc.1')]).resolve('a').version, '1.0.0-rc.1')
})
