/** Who of those that share something is served next. */
export interface Shares {
  /** Somebody holds one more, or one less. */
  holds(name: string, change: 1 | -1): void
  /** All who wait for it now: who neither waits nor holds is idle. */
  waits(names: Iterable<string>): void
  /** Least used first; those that have used alike stay in their order. */
  order(names: readonly string[]): string[]
  /** Time that somebody has held it, divided by the weight: milliseconds, of no meaning but to compare. */
  used(name: string): number
}

interface Account {
  usedMs: number
  held: number
  /** Until when the use is written. */
  atMs: number
  waits: boolean
}

/**
 * Fair shares of something that is held for a time, by weight: who has used least of it for its weight is next. What is held counts
 * while it is held, so that long use is dear even before its end, and nobody has to know beforehand how long it takes.
 *
 * Who was idle starts where the least of the others stands, and has saved nothing up (start-time fair queueing, with the
 * use itself in place of its forecast). Use before that is forgotten when the others have used as much.
 *
 * @see Goyal, Vin, Cheng, Start-time fair queueing, 1996
 * @param now  milliseconds of a clock that never goes back
 */
export function createShares(options: {
  readonly weightOf: (name: string) => number
  readonly now: () => number
}): Shares {
  const { weightOf, now } = options
  const accounts = new Map<string, Account>()
  let floorMs = 0

  const isActive = ({ held, waits }: Account): boolean => held > 0 || waits

  /** Writes down all use until now; who begins begins here. */
  function settle(): void {
    const nowMs = now()
    let least = Infinity
    for (const [name, account] of accounts) {
      account.usedMs += ((nowMs - account.atMs) * account.held) / weightOf(name)
      account.atMs = nowMs
      if (isActive(account)) least = Math.min(least, account.usedMs)
    }
    if (least !== Infinity) floorMs = Math.max(floorMs, least)
    // whoever was idle for so long is like one who was never here (I8)
    for (const [name, account] of accounts)
      if (!isActive(account) && account.usedMs <= floorMs) accounts.delete(name)
  }

  function enter(name: string): Account {
    const known = accounts.get(name)
    if (known !== undefined) return known
    const account = { usedMs: floorMs, held: 0, atMs: now(), waits: false }
    accounts.set(name, account)
    return account
  }

  const standing = (name: string): number => accounts.get(name)?.usedMs ?? floorMs

  return {
    holds(name, change) {
      settle()
      enter(name).held += change
    },
    waits(names) {
      settle()
      const waiting = new Set(names)
      for (const name of waiting) enter(name).waits = true
      for (const [name, account] of accounts) if (!waiting.has(name)) account.waits = false
    },
    order(names) {
      settle()
      return names.toSorted((a, b) => standing(a) - standing(b))
    },
    used(name) {
      settle()
      return standing(name)
    },
  }
}
