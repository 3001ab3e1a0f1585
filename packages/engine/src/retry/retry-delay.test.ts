import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BulkheadError, type ErrorKind } from '@bulkhead/connector-sdk'
import { retryDecision } from './retry-delay.ts'

function failure(kind: ErrorKind, retryAfterMs?: number): BulkheadError {
  return new BulkheadError({
    kind,
    code: 'x',
    message: 'X',
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

test('tries again after faults that pass, and after no others', () => {
  const kinds: Readonly<Record<ErrorKind, boolean>> = {
    transient: true,
    throttled: true,
    config: false,
    policy: false,
    auth: false,
    environment: false,
    record: false,
    cancelled: false,
    quota: false,
    bug: false,
  }
  for (const [kind, again] of Object.entries(kinds)) {
    const decide = retryDecision({ attempts: 4, withinMs: 900_000 })
    const delay = decide({ error: failure(kind as ErrorKind), attempts: 1, elapsedMs: 0 })
    assert.equal(delay !== undefined, again, kind)
  }
  const decide = retryDecision({ attempts: 4, withinMs: 900_000 })
  assert.equal(decide({ error: new Error('a fault of ours'), attempts: 1, elapsedMs: 0 }), undefined)
})

test('ends when the attempts are used up', () => {
  const decide = retryDecision({ attempts: 3, withinMs: 900_000 })
  const delays = [1, 2, 3].map((attempts) => decide({ error: failure('transient'), attempts, elapsedMs: 0 }))
  assert.deepEqual(
    delays.map((delay) => delay !== undefined),
    [true, true, false],
  )
})

test('waits longer from time to time, never longer than a minute, and not always the same', () => {
  const run = (): (number | undefined)[] => {
    const decide = retryDecision({ attempts: 20, withinMs: Number.MAX_SAFE_INTEGER })
    return Array.from({ length: 19 }, (_, index) =>
      decide({ error: failure('transient'), attempts: index + 1, elapsedMs: 0 }),
    )
  }
  const runs = Array.from({ length: 40 }, run)
  const mean = (at: number): number => runs.reduce((sum, delays) => sum + (delays[at] ?? 0), 0) / runs.length
  assert.ok(mean(3) > mean(0) * 2)
  assert.ok(runs.flat().every((delay) => delay !== undefined && delay <= 60_000))
  assert.ok(new Set(runs.map((delays) => delays[2])).size > 10)
})

test('believes a far side that says when', () => {
  const decide = retryDecision({ attempts: 4, withinMs: 900_000 })
  assert.equal(decide({ error: failure('throttled', 70_000), attempts: 1, elapsedMs: 0 }), 70_000)
})

test('begins no attempt after the time that it has', () => {
  const decide = retryDecision({ attempts: 4, withinMs: 60_000 })
  assert.equal(decide({ error: failure('throttled', 30_000), attempts: 1, elapsedMs: 31_000 }), undefined)
  assert.equal(decide({ error: failure('throttled', 30_000), attempts: 1, elapsedMs: 30_000 }), 30_000)
})
