import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from './fair-shares.test-support.ts'
import type { Shares } from './shares.ts'

/** What each has of all that was used. */
function sharesOf(used: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const all = Object.values(used).reduce((sum, one) => sum + one, 0)
  return Object.fromEntries(Object.entries(used).map(([name, one]) => [name, one / all]))
}

function assertShares(
  used: Readonly<Record<string, number>>,
  expected: Readonly<Record<string, number>>,
  tolerance = 0.03,
): void {
  const found = sharesOf(used)
  for (const [name, share] of Object.entries(expected))
    assert.ok(
      Math.abs((found[name] ?? 0) - share) <= tolerance,
      `${name} has ${found[name]?.toFixed(3)} and not ${share}: ${JSON.stringify(used)}`,
    )
}

test('the time of a process follows weights', async () => {
  const applications = { gold: { runMs: 100, weight: 3 }, plain: { runMs: 100 } }
  const used = await simulate({ processes: 1, applications })(0, 80_000)
  assertShares(used, { gold: 0.75, plain: 0.25 })
})

test('long runs get no more than short ones', async () => {
  for (const alone of [true, false]) {
    const applications = { long: { runMs: 10_000, alone }, short: { runMs: 100, alone } }
    const used = await simulate({ processes: 1, applications })(0, 400_000)
    assertShares(used, { long: 0.5, short: 0.5 }, 0.05)
  }
})

test('with more applications than processes each has its share, whatever its runs are like', async () => {
  const applications = {
    gold: { runMs: 300, weight: 4 },
    long: { runMs: 20_000, alone: true },
    a: { runMs: 50 },
    b: { runMs: 1_000 },
    c: { runMs: 3_000, alone: true },
    d: { runMs: 700, alone: true },
    half: { runMs: 150, weight: 0.5 },
  }
  const used = await simulate({ processes: 4, applications })(0, 400_000)
  const one = 1 / 9.5
  assertShares(used, { gold: 4 * one, long: one, a: one, b: one, c: one, d: one, half: one / 2 }, 0.04)
})

test('weights divide many processes among few, and one is left of them', async () => {
  const applications = { gold: { runMs: 200, alone: true, weight: 3 }, plain: { runMs: 200, alone: true } }
  const used = await simulate({ processes: 4, applications })(0, 40_000)
  assertShares(used, { gold: 0.75, plain: 0.25 })
  const only = await simulate({ processes: 8, applications: { gold: { runMs: 200, weight: 100 } } })(
    0,
    20_000,
  )
  assert.ok((only['gold'] ?? 0) <= 7 * 20)
})

test('who was idle has saved nothing up', async () => {
  const applications = {
    steady: { runMs: 100 },
    late: { runMs: 100, asks: (nowMs: number) => nowMs > 60_000 },
  }
  const time = simulate({ processes: 1, applications })
  assertShares(await time(0, 60_000), { steady: 1 })
  assertShares(await time(60_000, 100_000), { steady: 0.5, late: 0.5 }, 0.1)
})

test('who used all while nobody else asked is held to nothing for it', async () => {
  const applications = {
    early: { runMs: 100 },
    late: { runMs: 100, asks: (nowMs: number) => nowMs > 60_000 },
    later: { runMs: 100, asks: (nowMs: number) => nowMs > 80_000 },
  }
  const time = simulate({ processes: 1, applications })
  await time(0, 80_000)
  assertShares(await time(80_000, 140_000), { early: 1 / 3, late: 1 / 3, later: 1 / 3 }, 0.06)
})

test('a run that does not end keeps its own process, and others give way to each other as before', async () => {
  const applications = {
    stuck: { runMs: 1e9, alone: true, concurrentRuns: 1 },
    a: { runMs: 100 },
    b: { runMs: 100 },
  }
  const used = await simulate({ processes: 2, applications })(0, 100_000)
  assert.ok(Math.abs((used['a'] ?? 0) - (used['b'] ?? 0)) < 10, JSON.stringify(used))
})

const planted: readonly (readonly [what: string, shares: (real: Shares) => Shares])[] = [
  ['turns in place of shares', (real) => ({ ...real, order: inTurn(), used: () => 0 })],
  ['nothing held against anybody', (real) => ({ ...real, holds: () => undefined })],
]
for (const [what, shares] of planted)
  test(`the shares would not be fair by ${what}`, async () => {
    const applications = { long: { runMs: 10_000, alone: true }, short: { runMs: 100, alone: true } }
    const used = await simulate({ processes: 1, applications, shares })(0, 200_000)
    assert.throws(() => assertShares(used, { long: 0.5, short: 0.5 }, 0.05))
  })

function inTurn(): Shares['order'] {
  let turn = 0
  return (names) => {
    turn++
    return names.map((_, index) => names[(index + turn) % names.length] ?? '')
  }
}
