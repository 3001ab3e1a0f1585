import type { Lane } from '../lane.ts'
import type { Claim, ClaimShare, SystemBudget } from '../claim.ts'

/** A run that could be given away. */
export interface Candidate extends Lane {
  readonly runId: string
  readonly application: string
}

interface Share {
  readonly application: string
  readonly runsPerProcess: number
  /** Of its processes that are at work. */
  room: number
  /** Undefined: processes are not counted, and a run that needs its own is like any other. */
  readonly processes: readonly number[] | undefined
  /** Of those. */
  begun: number
  atOnce: number
  /** Oldest first. */
  waiting: readonly Candidate[]
}

interface Places {
  readonly budget: SystemBudget
  free: number
  /** How many of them each application may take now. */
  readonly dealt: Map<string, number>
  /** Applications that were dealt one and could not begin a run. */
  readonly stuck: Set<string>
}

/**
 * Which of the waiting runs a server gets: for each application the oldest that can begin, so that none waits behind one that
 * waits for something else (I7). Processes go round, and places at a system, too: everybody gets one before anybody gets
 * a second.
 *
 * @param waiting  oldest first
 * @param running  runs that are at a system now, on any server
 * @returns ids
 */
export function divide(
  waiting: readonly Candidate[],
  { most, processes = Infinity, systems = [] }: Pick<Claim, 'most' | 'processes' | 'systems'>,
  running: ReadonlyMap<string, number>,
): string[] {
  const byApplication = Map.groupBy(waiting, ({ application }) => application)
  const shares = most.map((one): Share => {
    const { runsPerProcess = 1 } = one
    return {
      application: one.application,
      runsPerProcess,
      room: one.runs,
      processes: one.processes,
      begun: 0,
      atOnce: mostOf(one),
      waiting: byApplication.get(one.application) ?? [],
    }
  })
  const places = new Map(
    systems.map((budget) => {
      const free = Math.max(0, budget.runs - (running.get(budget.system) ?? 0))
      return [budget.system, { budget, free, dealt: new Map(), stuck: new Set<string>() } as Places]
    }),
  )
  const taken: string[] = []
  let free = processes

  function takeTurn(share: Share): boolean {
    const before = taken.length
    let began = false
    share.waiting = share.waiting.filter((run) => {
      const needed = run.systems.flatMap((name) => places.get(name) ?? [])
      if (share.atOnce === 0 || needed.some(({ dealt }) => !dealt.get(share.application))) return true
      const isAlone = run.alone && share.processes !== undefined
      if (isAlone || share.room === 0) {
        const mustBeFree = share.processes?.[share.begun]
        if (began || mustBeFree === undefined || mustBeFree > free) return true
        began = true
        share.begun++
        free--
        if (!isAlone) share.room += share.runsPerProcess
      }
      if (!isAlone) share.room--
      share.atOnce--
      for (const place of needed) {
        place.free--
        place.dealt.set(share.application, (place.dealt.get(share.application) ?? 0) - 1)
      }
      taken.push(run.runId)
      return false
    })
    return taken.length > before
  }

  do {
    for (const place of places.values()) deal(place, shares)
    while (shares.filter(takeTurn).length > 0);
  } while ([...places.values()].filter(setStuckAside).length > 0)
  return taken
}

/** Most runs that a share may come to. */
export function mostOf({ runs, processes = [], runsPerProcess = 1, atOnce }: ClaimShare): number {
  return Math.min(atOnce ?? Infinity, runs + processes.length * runsPerProcess)
}

/** One by one, to who wants it, in the order of the system. */
function deal(
  { budget: { system, order = [] }, free, dealt, stuck }: Places,
  shares: readonly Share[],
): void {
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length)
  const wanting = shares
    .filter(({ application }) => !stuck.has(application))
    .map(({ application, waiting }) => ({
      application,
      wants: waiting.filter((run) => run.systems.includes(system)).length,
    }))
    .toSorted((a, b) => rank(a.application) - rank(b.application))
  dealt.clear()
  let left = free
  for (let round = 1; left > 0 && wanting.some(({ wants }) => wants >= round); round++)
    for (const { application, wants } of wanting)
      if (left > 0 && wants >= round) {
        dealt.set(application, round)
        left--
      }
}

/** Whoever could not use a place leaves it to others. @returns whether there is any to deal again */
function setStuckAside({ free, dealt, stuck }: Places): boolean {
  const idle = [...dealt].filter(([, left]) => left > 0)
  for (const [application] of idle) stuck.add(application)
  return free > 0 && idle.length > 0
}
