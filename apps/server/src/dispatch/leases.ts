import type { Log } from '@bulkhead/connector-sdk'
import type { LeftRun, Repository } from '../repository/repository.ts'
import type { ActiveRun } from './active-run.ts'

/** Keeps the leases of this server's runs, and begins again what other servers lost. */
export interface Leases {
  /** Now, and not in the next round: somebody gave a command. */
  renewNow(): void
  stop(): Promise<void>
}

/**
 * Renews the leases of all active runs in one call every third of a lease, and recovers runs of whoever did not. After an
 * outage of the repository nobody could renew: every lease gets one more period before any is judged.
 */
export function keepLeases(options: {
  readonly repository: Pick<Repository, 'renew' | 'recover' | 'prolongAll'>
  readonly server: string
  readonly leaseMs: number
  readonly attempts: number
  readonly log: Log
  readonly active: () => readonly ActiveRun[]
  /** Told when a run is another's now, or has new commands. */
  readonly onRenewed: (run: ActiveRun) => void
  /** Told of runs that were given up. */
  readonly onEnded: (run: LeftRun) => void
}): Leases {
  const { repository, server, leaseMs, attempts, log, active, onRenewed, onEnded } = options
  const everyMs = Math.max(50, leaseMs / 3)
  let isOut = false
  let renewing: Promise<void> | undefined
  let again = false
  let stopped = false

  async function renew(): Promise<void> {
    const runs = active()
    if (runs.length === 0) return
    const renewed = await repository.renew({
      server,
      leaseMs,
      runs: runs.map(({ record: { runId, epoch }, startedAtMs, progress, process }) => ({
        runId,
        epoch,
        startedAtMs,
        progress,
        engine: process?.engine.label,
      })),
    })
    const byId = new Map(renewed.map((run) => [run.runId, run]))
    for (const run of runs) {
      const told = byId.get(run.record.runId)
      if (told === undefined) continue
      // a run whose outcome is on its way is not held any more when the outcome arrived first
      run.lost = !told.held && run.finishing === undefined
      run.commands = told.commands
      if (run.lost || run.commands.length > 0) onRenewed(run)
    }
  }

  async function round(): Promise<void> {
    try {
      if (isOut) {
        await repository.prolongAll(leaseMs)
        isOut = false
        log.info('The repository is back, and every lease got one more period')
      }
      await renew()
      const { ended } = await repository.recover({ attempts })
      for (const run of ended) onEnded(run)
    } catch (error) {
      if (!isOut && !stopped) log.warn('Leases cannot be renewed', { error: String(error) })
      isOut = true
    }
  }

  async function rounds(): Promise<void> {
    do {
      again = false
      await round()
    } while (again && !stopped)
  }

  function renewNow(): void {
    if (stopped) return
    again = true
    renewing ??= rounds().finally(() => {
      renewing = undefined
      if (again) renewNow()
    })
  }

  const timer = setInterval(renewNow, everyMs)
  return {
    renewNow,
    async stop() {
      stopped = true
      clearInterval(timer)
      await renewing
    },
  }
}
