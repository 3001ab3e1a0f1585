import type { Log } from '@bulkhead/connector-sdk'
import type { Applications, ServedApplication } from '../applications/applications.ts'
import type { Repository } from '../repository/repository.ts'
import type { ActiveRun } from './active-run.ts'
import type { ProcessPool } from './process-pool.ts'
import type { Shares } from './shares.ts'
import type { SystemBudgets } from './system-budgets.ts'

/** Knows who waits for a process of this server. */
export interface WaitingWatch {
  /** Looks again, when there is need; once at a time. Never rejects. */
  look(): void
  /** Applications with runs that would begin if they had another process, as they were seen last. */
  applications(): readonly ServedApplication[]
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
  let looking: Promise<void> | undefined
  let isOut = false

  function wanting(): readonly ServedApplication[] {
    const inHand = new Set([...waiting].map(({ record }) => record.application))
    const counts = new Map<string, number>()
    for (const { record } of active.values())
      counts.set(record.application, (counts.get(record.application) ?? 0) + 1)
    return applications.working().filter((one) => {
      const { name, manifest } = one.application
      if (inHand.has(name)) return true
      const atOnce = manifest.spec.policy.limits.concurrentRuns - (counts.get(name) ?? 0)
      return atOnce > 0 && queued.has(name) && pool.room(one) === 0
    })
  }

  async function ask(): Promise<void> {
    try {
      const { lanes, running } = await repository.waiting()
      budgets.waits(lanes)
      const full = budgets.full(running)
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
    async stop() {
      await looking
    },
  }
}
