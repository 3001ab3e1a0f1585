import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { PlannedConnection } from '../plan/plan.ts'
import { keepConnections } from './kept-connections.ts'

const planned = {
  name: 'ledger',
  connector: { name: 'postgres', version: '1.0.0', folder: '/connectors/postgres' },
  limits: { connections: 4, queryTimeoutMs: 1000, connectTimeoutMs: 1000 },
} as unknown as PlannedConnection
const config = { host: 'ledger.internal', password: 'correct horse' }

function thing() {
  const made = {
    closed: 0,
    [Symbol.asyncDispose]: () => {
      made.closed++
      return Promise.resolve()
    },
  }
  return made
}

function mockTimers(t: TestContext): void {
  t.mock.timers.enable({ apis: ['setTimeout'] })
}

test('gives what was kept to the next run with the same settings, and to one alone', async (t) => {
  mockTimers(t)
  await using kept = keepConnections()
  const session = thing()
  kept.of(planned, 'source', config).put(session)
  const next = kept.of(planned, 'source', { ...config })
  assert.equal(next.take(), session)
  assert.equal(next.take(), undefined)
  assert.equal(session.closed, 0)
})

test('another password, role, name, limit or version gets nothing of it', async (t) => {
  mockTimers(t)
  await using kept = keepConnections()
  kept.of(planned, 'source', config).put(thing())
  const others = [
    kept.of(planned, 'source', { ...config, password: 'battery staple' }),
    kept.of(planned, 'store', config),
    kept.of({ ...planned, name: 'replica' }, 'source', config),
    kept.of({ ...planned, limits: { ...planned.limits, connections: 1 } }, 'source', config),
    kept.of({ ...planned, connector: { ...planned.connector, version: '1.0.1' } }, 'source', config),
  ]
  for (const other of others) assert.equal(other.take(), undefined)
})

test('closes what nobody takes for a while, what is too much, and everything at its end', async (t) => {
  mockTimers(t)
  const kept = keepConnections()
  const one = kept.of(planned, 'source', config)
  const idle = thing()
  one.put(idle)
  t.mock.timers.tick(10_000)
  await turn()
  assert.equal(idle.closed, 1)
  assert.equal(one.take(), undefined)

  const many = Array.from({ length: 17 }, thing)
  for (const each of many) one.put(each)
  await turn()
  assert.equal(many.filter(({ closed }) => closed === 1).length, 1)

  await kept[Symbol.asyncDispose]()
  assert.ok(many.every(({ closed }) => closed === 1))
  const late = thing()
  one.put(late)
  await turn()
  assert.equal(late.closed, 1)
})
