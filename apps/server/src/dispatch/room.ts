import type { Catalog } from '@bulkhead/engine'
import type { ClaimShare } from '../repository/claim.ts'
import { type ActiveRun, countRuns } from './active-run.ts'
import type { Room } from './claims.ts'
import { isAlwaysAlone } from './must-be-alone.ts'
import type { ProcessPool } from './process-pool.ts'
import type { Shares } from './shares.ts'
import type { SystemBudgets } from './system-budgets.ts'
import type { Applications, ServedApplication } from '../applications/applications.ts'

/**
 * Says how many runs of each application could be taken now: as many as it may have at once, as far as its processes have room, or
 * processes are free. A run is taken when there is a place for it and not before: what waits, waits in the queue, where
 * another server can take it. Whoever has used least of its share comes first (I7).
 */
export function roomOf(options: {
  readonly applications: Pick<Applications, 'working'>
  readonly catalog: Catalog
  readonly foreignRoots: readonly string[]
  readonly runsPerProcess: number
  readonly pool: Pick<ProcessPool, 'free' | 'starts' | 'room'>
  readonly shares: Pick<Shares, 'order'>
  readonly budgets: Pick<SystemBudgets, 'of'>
  readonly active: ReadonlyMap<string, ActiveRun>
  /** Taken, and without a process yet. */
  readonly waiting: ReadonlySet<ActiveRun>
}): () => Room {
  const { applications, catalog, foreignRoots, runsPerProcess, pool, shares, budgets, active, waiting } =
    options

  function shareOf(one: ServedApplication, atOnce: number, isWaiting: boolean): ClaimShare {
    const { application } = one
    const isAlone = isAlwaysAlone(application, catalog, foreignRoots)
    return {
      application: application.name,
      runs: isAlone ? 0 : pool.room(one),
      // what has been taken is the first to get one
      processes: isWaiting ? [] : pool.starts(one),
      runsPerProcess: isAlone ? 1 : runsPerProcess,
      atOnce,
    }
  }

  return () => {
    const served = new Map(applications.working().map((one) => [one.application.name, one]))
    const counts = countRuns(active.values())
    const inHand = new Set([...waiting].map(({ record }) => record.application))
    const most = shares.order([...served.keys()]).flatMap((name) => {
      const one = served.get(name)
      if (one === undefined) return []
      const limit = one.application.manifest.spec.policy.limits.concurrentRuns
      return [shareOf(one, Math.max(0, limit - (counts.get(name) ?? 0)), inHand.has(name))]
    })
    // one that waits for runs of its own application to end needs nobody else's process
    const awaited = [...waiting].filter(({ one }) => pool.starts(one).length > 0).length
    const systems = budgets.of(most.map(({ application }) => application))
    return { most, processes: Math.max(0, pool.free() - awaited), systems }
  }
}
