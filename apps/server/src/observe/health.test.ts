import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fault } from '@bulkhead/contract'
import { createHealth } from './health.ts'

const well = { check: () => Promise.resolve('SQLite') }

test('has started when every step is done, and says which is not', async () => {
  const health = createHealth(well)
  const triggers = health.starting('triggers')
  const runners = health.starting('runners')
  runners.done()
  assert.deepEqual(health.startup(), {
    status: 'fail',
    checks: [
      { name: 'triggers', status: 'fail', reason: 'has not begun' },
      { name: 'runners', status: 'pass' },
    ],
  })
  assert.equal((await health.ready()).status, 'fail')
  triggers.done()
  assert.equal(health.startup().status, 'pass')
  assert.deepEqual(await health.ready(), { status: 'pass', checks: [{ name: 'repository', status: 'pass' }] })
})

test('is not ready without its repository, and tells a code and no address', async () => {
  const health = createHealth({
    check: () => Promise.reject(fault('repository-unavailable', 'Cannot reach db.internal:5432')),
  })
  assert.deepEqual(await health.ready(), {
    status: 'fail',
    checks: [{ name: 'repository', status: 'fail', reason: 'repository-unavailable' }],
  })
})

test('many probes ask the repository once a second', async () => {
  let at = 0
  let asked = 0
  const health = createHealth({ check: () => Promise.resolve(String(asked++)) }, () => at)
  await Promise.all(Array.from({ length: 20 }, () => health.ready()))
  assert.equal(asked, 1)
  at = 1_000
  await health.ready()
  assert.equal(asked, 2)
})

test('a repository that does not answer makes the server not ready in time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const health = createHealth({ check: () => new Promise(() => undefined) })
  const ready = health.ready()
  t.mock.timers.tick(2_000)
  assert.deepEqual((await ready).checks, [
    { name: 'repository', status: 'fail', reason: 'it does not answer in time' },
  ])
})

test('a server that ends is not ready, and still alive', async () => {
  const health = createHealth(well)
  health.draining()
  assert.equal((await health.ready()).status, 'fail')
  assert.equal(health.startup().status, 'pass')
})
