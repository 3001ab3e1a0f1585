import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { BulkheadError, type ErrorDetails, isBulkheadError } from '@bulkhead/connector-sdk'
import type { PlannedConnection } from '../plan/plan.ts'
import { type Breaker, keepBreakers, type Pause } from './breakers.ts'

const planned = {
  name: 'ledger',
  path: 'spec.connections.ledger.config',
  config: { host: 'ledger.internal' },
  connector: { name: 'postgres', version: '1.0.0', folder: '/connectors/postgres' },
  limits: { connections: 4, queryTimeoutMs: 1000, connectTimeoutMs: 1000 },
  breaker: { failures: 3, openForMs: 30_000 },
} as unknown as PlannedConnection

const outage = { kind: 'transient', code: 'ledger-away', message: 'Away', ofConnection: true } as const
const wrong = { kind: 'config', code: 'ledger-query', message: 'Wrong' } as const

/** A breaker whose connection does what it is told, and what came of it. */
function breakerOf(t: TestContext, of = planned) {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  const breakers = keepBreakers()
  const breaker = breakers.of(of)
  assert.ok(breaker)
  return { breakers, ...trying(t, breaker) }
}

function trying(t: TestContext, breaker: Breaker) {
  let dials = 0
  const opened: Pause[] = []
  const attempt = async (come: ErrorDetails | 'works' | Promise<ErrorDetails | 'works'>): Promise<string> => {
    try {
      return await breaker.run(
        async () => {
          dials++
          const comes = await come
          if (comes === 'works') return 'works'
          throw new BulkheadError(comes)
        },
        (pause) => opened.push(pause),
      )
    } catch (error) {
      assert.ok(isBulkheadError(error), String(error))
      return error.code
    }
  }
  return { attempt, opened, dials: () => dials, later: (ms: number) => t.mock.timers.tick(ms) }
}

async function fail(attempt: (come: ErrorDetails) => Promise<string>, times = 3): Promise<void> {
  for (let time = 0; time < times; time++) assert.equal(await attempt(outage), 'ledger-away')
}

test('opens after so many faults in a row, and dials no more until its time is over', async (t) => {
  const { breakers, attempt, opened, dials, later } = breakerOf(t)
  await fail(attempt)
  assert.deepEqual(opened, [{ ms: 30_000, failures: 3 }])
  assert.deepEqual(breakers.told(), [{ connection: 'ledger', state: 'open', untilMs: 1_030_000 }])
  for (let time = 0; time < 5; time++) assert.equal(await attempt('works'), 'connection-paused')
  later(29_999)
  assert.equal(await attempt('works'), 'connection-paused')
  assert.equal(dials(), 3)
  later(1)
  assert.equal(await attempt('works'), 'works')
  assert.deepEqual([dials(), opened.length], [4, 1])
  assert.deepEqual(breakers.told(), [{ connection: 'ledger', state: 'closed' }])
})

test('says what to wait for: code, path, fix, and how long', async (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  const breaker = keepBreakers().of({ ...planned, breaker: { failures: 1, openForMs: 20_000 } })
  await assert.rejects(async () =>
    breaker?.run(
      () => Promise.reject(new BulkheadError(outage)),
      () => {},
    ),
  )
  const error = await breaker
    ?.run(
      () => Promise.resolve(),
      () => {},
    )
    .catch((thrown: unknown) => thrown)
  assert.ok(isBulkheadError(error))
  assert.deepEqual([error.kind, error.retryable, error.ofConnection], ['transient', true, false])
  assert.equal(error.path, 'spec.connections.ledger.breaker')
  assert.match(
    error.message,
    /"ledger" failed so often in a row \(ledger-away\) that it is not tried for 20 s/,
  )
  assert.match(error.fix ?? '', /fallback/)
  assert.ok((error.retryAfterMs ?? 0) >= 20_000 && (error.retryAfterMs ?? 0) <= 20_500)
})

test('lets one through when its time is over, and nobody waits for that one', async (t) => {
  const { breakers, attempt, opened, later } = breakerOf(t)
  await fail(attempt)
  later(30_000)
  assert.equal(breakers.told()[0]?.state, 'half-open')
  const { promise, resolve } = Promise.withResolvers<ErrorDetails>()
  const probe = attempt(promise)
  assert.equal(await attempt('works'), 'connection-paused')
  resolve(outage)
  assert.equal(await probe, 'ledger-away')
  assert.equal(await attempt('works'), 'connection-paused', 'the try failed, and it is paused again')
  assert.equal(opened.length, 2)
  later(30_000)
  assert.equal(await attempt('works'), 'works')
})

test('a try that has reached the system holds nobody up, however long its query takes', async (t) => {
  // so short that it is over as soon as the try has begun
  const connectTimeoutMs = 0
  const limits = { connections: 4, queryTimeoutMs: 1000, connectTimeoutMs }
  const { attempt, later, dials } = breakerOf(t, { ...planned, limits })
  await fail(attempt)
  later(30_000)
  const { promise, resolve } = Promise.withResolvers<'works'>()
  const slow = attempt(promise)
  assert.equal(await attempt('works'), 'works')
  assert.equal(await attempt(outage), 'ledger-away', 'what the others meet changes nothing')
  assert.equal(dials(), 6)
  resolve('works')
  assert.equal(await slow, 'works')
  await fail(attempt, 2)
  assert.equal(await attempt('works'), 'works', 'it is closed, and counts from zero')
})

test('a wrong query or password counts for nothing: it opens nothing, and closes nothing', async (t) => {
  const { attempt, later, opened } = breakerOf(t)
  for (let time = 0; time < 20; time++) assert.equal(await attempt(wrong), 'ledger-query')
  await fail(attempt, 2)
  assert.equal(await attempt(wrong), 'ledger-query')
  assert.equal(opened.length, 0)
  await fail(attempt, 1)
  assert.equal(opened.length, 1, 'what says nothing of the system is no success either')
  later(30_000)
  assert.equal(await attempt(wrong), 'ledger-query')
  assert.equal(await attempt(outage), 'ledger-away', 'the next one is the try')
  assert.equal(await attempt('works'), 'connection-paused')
})

test('a success in between begins the count again', async (t) => {
  const { attempt, opened } = breakerOf(t)
  await fail(attempt, 2)
  assert.equal(await attempt('works'), 'works')
  await fail(attempt, 2)
  assert.equal(opened.length, 0)
})

test('waits as long as the system asks for, when that is longer', async (t) => {
  const { attempt, opened, later } = breakerOf(t)
  await fail(attempt, 2)
  await attempt({ ...outage, kind: 'throttled', retryAfterMs: 90_000 })
  assert.equal(opened[0]?.ms, 90_000)
  later(89_999)
  assert.equal(await attempt('works'), 'connection-paused')
  later(1)
  assert.equal(await attempt('works'), 'works')
})

test('other settings and other names have breakers of their own; none, where it is switched off', async (t) => {
  const { breakers, attempt } = breakerOf(t)
  await fail(attempt)
  const others = [
    { ...planned, name: 'replica' },
    { ...planned, config: { host: 'elsewhere' } },
    { ...planned, connector: { ...planned.connector, version: '1.0.1' } },
  ]
  for (const other of others) {
    const breaker = breakers.of(other)
    assert.ok(breaker)
    assert.equal(await trying(t, breaker).attempt('works'), 'works')
  }
  const same = breakers.of({ ...planned, config: { ...planned.config } })
  assert.ok(same)
  assert.equal(await trying(t, same).attempt('works'), 'connection-paused')
  assert.equal(breakers.of({ ...planned, breaker: { failures: 0, openForMs: 1 } }), undefined)
})

test('remembers a bounded number of connections', () => {
  const breakers = keepBreakers()
  const first = breakers.of(planned)
  assert.equal(breakers.of(planned), first)
  for (let host = 0; host < 100; host++) breakers.of({ ...planned, config: { host } })
  assert.notEqual(breakers.of(planned), first)
})
