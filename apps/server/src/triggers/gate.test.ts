import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fault } from '@bulkhead/contract'
import { createGate } from './gate.ts'

const { signal } = new AbortController()

test('passes what succeeds at once, and again what fails until it does', async () => {
  const told: string[] = []
  const gate = createGate(Date.now, (reason) => told.push(reason))
  assert.equal(await gate.pass(async () => 7, signal), 7)
  let tries = 0
  const passing = gate.pass(async () => {
    if (++tries < 2) throw fault('queue-full', 'Full')
    return tries
  }, signal)
  await new Promise(setImmediate)
  assert.deepEqual(gate.state(), { reason: 'Full', isFailure: false })
  assert.equal(await passing, 2)
  assert.equal(gate.state(), undefined)
  assert.deepEqual(told, ['Full'])
})

test('counts those who fail together once, and lets nobody try while it is closed', async () => {
  const gate = createGate(Date.now, () => undefined)
  let tries = 0
  const started = performance.now()
  await Promise.all(
    Array.from({ length: 10 }, () =>
      gate.pass(async () => {
        tries++
        if (performance.now() - started < 100) throw fault('repository-unavailable', 'Away')
      }, signal),
    ),
  )
  assert.equal(tries, 20)
  assert.ok(performance.now() - started < 1000)
})

test('shows no words of an error that is not ours, and ends with the signal', async () => {
  const stop = new AbortController()
  const told: string[] = []
  const gate = createGate(Date.now, (reason) => told.push(reason))
  const passing = gate.pass(() => Promise.reject(new Error('password=canary')), stop.signal)
  await new Promise(setImmediate)
  assert.deepEqual(gate.state(), { reason: 'A fault in Bulkhead; see the log', isFailure: true })
  assert.match(told.join(), /^A fault in Bulkhead; see the log: Error at /)
  assert.doesNotMatch(told.join(), /canary/)
  stop.abort(new Error('The server ends'))
  await assert.rejects(passing, /The server ends/)
})

test('says once a minute that it is full, however often it opens and closes', async () => {
  let at = 0
  const closed: string[] = []
  const gate = createGate(
    () => at,
    (reason) => closed.push(reason),
  )
  const told: number[] = []
  for (const second of [0, 10, 59, 61]) {
    at = second * 1000
    const gone = new AbortController()
    const refused = gate.pass(async () => {
      gone.abort()
      throw fault('application-too-fast', 'Too fast')
    }, gone.signal)
    await assert.rejects(refused, { name: 'AbortError' })
    told.push(closed.length)
    at += 500
    await gate.pass(async () => undefined, signal)
  }
  assert.deepEqual(told, [1, 1, 1, 2])
})
