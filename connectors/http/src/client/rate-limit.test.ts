import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exhaustedForMs, retryAfterMs } from './rate-limit.ts'

const now = Date.UTC(2026, 10, 21, 6, 0, 0)
const date = new Date(now).toUTCString()

test('reads Retry-After in seconds and as a date, by the clock of the server', () => {
  assert.equal(retryAfterMs({ 'retry-after': '120' }, now), 120_000)
  assert.equal(retryAfterMs({ 'retry-after': ' 0.5 ' }, now), 500)
  assert.equal(retryAfterMs({ 'retry-after': new Date(now + 30_000).toUTCString() }, now), 30_000)
  // This machine is an hour late; what counts is the answer's own date.
  assert.equal(
    retryAfterMs({ 'retry-after': new Date(now + 30_000).toUTCString(), date }, now - 3_600_000),
    30_000,
  )
  assert.equal(retryAfterMs({ 'retry-after': new Date(now - 5000).toUTCString() }, now), 0)
  assert.equal(retryAfterMs({ 'retry-after': 'soon' }, now), undefined)
  assert.equal(retryAfterMs({}, now), undefined)
})

test('knows when a rate limit is used up, in every usual way to say so', () => {
  const reset = String(now / 1000 + 10)
  assert.equal(exhaustedForMs({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset, date }, 0), 10_000)
  assert.equal(
    exhaustedForMs({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${now + 10_000}`, date }, 0),
    10_000,
  )
  assert.equal(exhaustedForMs({ 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '7' }, now), 7000)
  assert.equal(exhaustedForMs({ 'ratelimit-remaining': '0', 'ratelimit-reset': '7' }, now), 7000)
  assert.equal(exhaustedForMs({ ratelimit: '"burst";r=5;t=1, "daily";r=0;t=30' }, now), 30_000)
  assert.equal(exhaustedForMs({ 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': reset }, now), undefined)
  assert.equal(exhaustedForMs({ ratelimit: '"default";r=5;t=1' }, now), undefined)
  assert.equal(exhaustedForMs({ 'x-ratelimit-remaining': '0' }, now), undefined)
  assert.equal(exhaustedForMs({}, now), undefined)
})
