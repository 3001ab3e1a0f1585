import type { Catalog } from '@bulkhead/engine'
import type { ActiveRun } from './active-run.ts'
import type { Room } from './claims.ts'
import { isAlwaysAlone } from './must-be-alone.ts'
import type { ProcessPool } from './process-pool.ts'
import type { Applications } from '../applications/applications.ts'

/**
 * Says how many runs of each application could be taken now: as many as it may have at once, as far as its processes have room, or
 * processes are free. Another application begins each time, so that the last free process goes to each in turn (I7).
 *
 * An application without room may have one run in hand: it shows that the application wants a process.
 */
export function roomOf(options: {
  readonly applications: Pick<Applications, 'working'>
  readonly catalog: Catalog
  readonly foreignRoots: readonly string[]
  readonly runsPerProcess: number
  readonly pool: ProcessPool
  readonly active: ReadonlyMap<string, ActiveRun>
  readonly waiting: ReadonlySet<ActiveRun>
}): () => readonly Room[] {
  const { applications, catalog, foreignRoots, runsPerProcess, pool, active, waiting } = options
  let turn = 0

  return () => {
    const all = applications.working()
    turn = all.length === 0 ? 0 : (turn + 1) % all.length
    // one that waits for runs of its own application to end needs nobody else's process
    let free = pool.free() - [...waiting].filter(({ one }) => pool.mayStart(one) > 0).length
    const counts = countsOf(active.values())
    const waits = new Set([...waiting].map(({ record }) => record.application))
    return [...all.slice(turn), ...all.slice(0, turn)].map((one) => {
      const { name, manifest } = one.application
      const most = manifest.spec.policy.limits.concurrentRuns - (counts.get(name) ?? 0)
      // what it has in hand comes first
      if (most <= 0 || waits.has(name)) return { application: name, runs: 0 }
      const more = pool.mayStart(one)
      if (isAlwaysAlone(one.application, catalog, foreignRoots)) {
        const runs = Math.min(most, Math.max(1, Math.min(more, free)))
        free -= runs
        return { application: name, runs }
      }
      const room = pool.room(one)
      if (room >= most || free <= 0 || more === 0)
        return { application: name, runs: Math.min(most, Math.max(1, room)) }
      free--
      return { application: name, runs: Math.min(most, room + runsPerProcess) }
    })
  }
}

function countsOf(runs: Iterable<ActiveRun>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { record } of runs) counts.set(record.application, (counts.get(record.application) ?? 0) + 1)
  return counts
}
