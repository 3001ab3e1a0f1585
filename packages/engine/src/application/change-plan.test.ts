import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Behaviour } from '@bulkhead/contract'
import { changeOf, planChange } from './change-plan.ts'

function behaviour(application: string, bundle: Behaviour['bundle'], environment = {}): Behaviour {
  return { application, bundle, environment }
}

const state = (...applications: Behaviour[]) => ({ applications, setAside: [] })

test('says of each application what becomes of it, by name', () => {
  const same = behaviour('a', { 'spec.owner': '"me"' })
  const { applications } = planChange(
    state(same, behaviour('gone', {}), behaviour('moved', { 'files/a.sql': 'sha256-1' })),
    {
      ...state(same, behaviour('new', {}), behaviour('moved', { 'files/a.sql': 'sha256-2' })),
      setAside: [{ name: 'broken', error: { code: 'manifest-invalid', message: 'No owner' } }],
    },
  )
  assert.deepEqual(
    applications.map(({ application, action }) => `${application} ${action}`),
    ['a none', 'broken set-aside', 'gone remove', 'moved change', 'new add'],
  )
})

test('an application that can no longer be read is set aside, and not removed', () => {
  const { applications } = planChange(state(behaviour('a', {})), {
    applications: [],
    setAside: [{ name: 'a', error: { code: 'manifest-invalid', message: 'No owner' } }],
  })
  assert.deepEqual(
    applications.map(({ action, before }) => [action, before !== undefined]),
    [['set-aside', true]],
  )
})

test('says when each field is felt, as the schema of the manifest has it, and the strongest for the whole', () => {
  const effects: readonly (readonly [string, string])[] = [
    ['metadata.labels.tier', 'live'],
    ['metadata.labels["a.b/c"]', 'live'],
    ['spec.owner', 'live'],
    ['spec.connections.ledger.config.host', 'next-run'],
    ['spec.jobs.invoices.source.query', 'next-run'],
    ['spec.triggers.requests.kafka.topic', 'restart'],
    ['spec.triggers.nightly.cron.schedule', 'restart'],
    ['spec.triggers.nightly.parameters.month', 'next-run'],
    ['files/invoices.sql', 'next-run'],
  ]
  for (const [place, effect] of effects) {
    const { changes } = changeOf('a', behaviour('a', { [place]: '1' }), behaviour('a', { [place]: '2' }))
    assert.deepEqual(
      changes.map((change) => [change.place, change.effect]),
      [[place, effect]],
    )
  }
  const all = Object.fromEntries(effects.map(([place]) => [place, '1']))
  assert.equal(changeOf('a', behaviour('a', {}), behaviour('a', all)).effect, 'restart')
})

test('what moves in the surroundings is told apart from the bundle', () => {
  const before = behaviour('a', {}, { 'clusters/main': '1', 'connectors/files': '1' })
  const after = behaviour('a', {}, { 'clusters/main': '2', 'connectors/files': '2' })
  const change = changeOf('a', before, after)
  assert.equal(change.before?.bundle, change.after?.bundle)
  assert.deepEqual(
    change.changes.map(({ part, place, effect }) => [part, place, effect]),
    [
      ['environment', 'clusters/main', 'restart'],
      ['environment', 'connectors/files', 'next-run'],
    ],
  )
})

test('the hash is of this very change: from there, to here', () => {
  const one = state(behaviour('a', { 'spec.owner': '1' }))
  const two = state(behaviour('a', { 'spec.owner': '2' }))
  const three = state(behaviour('a', { 'spec.owner': '3' }))
  const hashes = [planChange(one, two), planChange(one, three), planChange(two, three), planChange(two, one)]
  assert.equal(new Set(hashes.map(({ hash }) => hash)).size, 4)
  assert.equal(planChange(one, two).hash, planChange(one, two).hash)
})
