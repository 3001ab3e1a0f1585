import type { Log } from '@bulkhead/connector-sdk'
import type { Applications, ServedApplication } from '../applications/applications.ts'
import type { Repository, RunRecord } from '../repository/repository.ts'
import { type ActiveRun, countRuns } from './active-run.ts'
import type { ProcessPool } from './process-pool.ts'
import type { WaitReason } from './runners.ts'
import type { Shares } from './shares.ts'
import type { SystemBudgets } from './system-budgets.ts'

/** Knows who waits for a process of this server. */
export interface WaitingWatch {
  /** Looks again, when there is need; once at a time. Never rejects. */
  look(): void
  /** Applications with runs that would begin if they had another process, as they were seen last. */
  applications(): readonly ServedApplication[]
  reasonOf(run: Pick<RunRecord, 'application' | 'lane'>): WaitReason
  stop(): Promise<void>
}

/**
 * While processes are free nobody waits for one, and nobody is asked. When all are at work, the repository says who has runs
 * in the queue: they take part in the shares, and those who have used more give way to them.
 */
export function watchWaiting(options: {
  readonly repository: Pick<Repository, 'waiting'>
  readonly applications: Pick<Applications, 'working'>
  readonly pool: Pick<ProcessPool, 'free' | 'room'>
  readonly shares: Pick<Shares, 'waits'>
  readonly budgets: Pick<SystemBudgets, 'isEmpty' | 'waits' | 'full'>
  readonly active: ReadonlyMap<string, ActiveRun>
  /** Taken, and without a process yet. */
  readonly waiting: ReadonlySet<ActiveRun>
  readonly log: Log
}): WaitingWatch {
  const { repository, applications, pool, shares, budgets, active, waiting, log } = options
  let queued: ReadonlySet<string> = new Set()
  let full: ReadonlySet<string> = new Set()
  let looking: Promise<void> | undefined
  let isOut = false

  function wanting(): readonly ServedApplication[] {
    const inHand = new Set([...waiting].map(({ record }) => record.application))
    const counts = countRuns(active.values())
    return applications.working().filter((one) => {
      const { name } = one.application
      return inHand.has(name) || (queued.has(name) && !isBusy(one, counts) && pool.room(one) === 0)
    })
  }

  /** It has as many runs under way as it may. */
  function isBusy({ application }: ServedApplication, counts: ReadonlyMap<string, number>): boolean {
    const { concurrentRuns } = application.manifest.spec.policy.limits
    return (counts.get(application.name) ?? 0) >= concurrentRuns
  }

  async function ask(): Promise<void> {
    try {
      const { lanes, running } = await repository.waiting(
        applications.working().map(({ application }) => application.name),
      )
      budgets.waits(lanes)
      full = budgets.full(running)
      // who waits for a system would not begin with a process either
      const ready = lanes.filter(({ systems }) => !systems.some((system) => full.has(system)))
      queued = new Set(ready.map(({ application }) => application))
      isOut = false
    } catch (error) {
      if (!isOut) log.warn('The queue cannot be read', { error: String(error) })
      isOut = true
    }
  }

  return {
    look() {
      shares.waits(wanting().map(({ application }) => application.name))
      // whoever was seen to wait does so until the repository says otherwise: a process may be free for an instant
      if (pool.free() === 0 || queued.size > 0 || !budgets.isEmpty)
        looking ??= ask().finally(() => (looking = undefined))
    },
    applications: wanting,
    reasonOf({ application, lane }) {
      const one = applications.working().find(({ application: { name } }) => name === application)
      if (one !== undefined && isBusy(one, countRuns(active.values()))) return { for: 'concurrentRuns' }
      const system = lane.systems.find((name) => full.has(name))
      return system === undefined ? { for: 'runners' } : { for: 'system', system }
    },
    async stop() {
      await looking
    },
  }
}
