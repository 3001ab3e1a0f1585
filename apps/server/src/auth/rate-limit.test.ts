import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callerOfAddress, createRateLimit } from './rate-limit.ts'

test('lets a burst through, then as many a second as it may, and says how long to wait', () => {
  let at = 0
  const limit = createRateLimit({ perSecond: 10, now: () => at })
  for (let call = 0; call < 10; call++) assert.equal(limit.take('a'), 0)
  assert.equal(limit.take('a'), 100)
  at = 99
  assert.ok(limit.take('a') > 0)
  at = 100
  assert.equal(limit.take('a'), 0)
  assert.equal(limit.take('a'), 100)
})

test('one caller uses up nothing of another', () => {
  const limit = createRateLimit({ perSecond: 1, now: () => 0 })
  assert.equal(limit.take('a'), 0)
  assert.ok(limit.take('a') > 0)
  assert.equal(limit.take('b'), 0)
})

test('calls that are refused do not postpone the next one that may', () => {
  let at = 0
  const limit = createRateLimit({ perSecond: 1, now: () => at })
  limit.take('a')
  for (at = 0; at < 1000; at += 10) assert.ok(limit.take('a') > 0, `${at}`)
  at = 1000
  assert.equal(limit.take('a'), 0)
})

test('remembers so many callers and forgets the quietest', () => {
  const limit = createRateLimit({ perSecond: 1, mostCallers: 2, now: () => 0 })
  limit.take('a')
  limit.take('b')
  assert.ok(limit.take('a') > 0)
  limit.take('c') // forgets b
  assert.ok(limit.take('a') > 0)
  assert.equal(limit.take('b'), 0)
})

test('a clock that goes back gives nothing away', () => {
  let at = 10_000
  const limit = createRateLimit({ perSecond: 1, now: () => at })
  limit.take('a')
  at = 0
  assert.ok(limit.take('a') > 0)
})

test('an IPv6 network of 64 bits is one caller, an IPv4 address is one', () => {
  assert.equal(callerOfAddress('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2')
  assert.equal(callerOfAddress('2001:db8:1:2::6'), '2001:db8:1:2')
  assert.equal(callerOfAddress('2001:db8::1'), '2001:db8:0:0')
  assert.equal(callerOfAddress('::1'), '0:0:0:0')
  assert.equal(callerOfAddress('::ffff:10.0.0.7'), '10.0.0.7')
  assert.equal(callerOfAddress('10.0.0.7'), '10.0.0.7')
})
