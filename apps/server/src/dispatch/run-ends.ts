import { type BulkheadError, cancelled, isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import { fault, type FinishRun as WithLinks } from '@bulkhead/contract'
import { reach } from '@bulkhead/engine/observe/moments'
import type { LeftRun, LostRun, Repository, RunRecord } from '../repository/repository.ts'
import type { ActiveRun } from './active-run.ts'
import { failedOutcome } from './failed-outcome.ts'
import type { Death } from './death.ts'

/** Links are no part of what is kept. */
type FinishRun = Omit<WithLinks, 'links'>

/** All the ways in which an active run ends; each takes it off the list. */
export interface RunEnds {
  /** Its runner says how. @throws BulkheadError kind `transient` when the repository cannot take it: it is asked again */
  finish(run: ActiveRun, finish: FinishRun): Promise<'finished' | 'lease-lost'>
  /** The same for a run that this server has given up meanwhile: the repository knows whose it is (I2). */
  late(runId: string, finish: FinishRun, engine: string): Promise<'finished' | 'lease-lost'>
  /** It was claimed and cannot be begun. Never throws. */
  refuse(record: RunRecord, error: unknown): Promise<void>
  /** The server says how, because no runner can. Never throws. */
  fail(run: ActiveRun, error: BulkheadError): Promise<void>
  /** Its process is dead. Never throws. */
  died(runs: readonly ActiveRun[], death: Death): Promise<void>
  /** Back into the queue, and no attempt: by default because the server ends. Never throws. */
  handOver(runs: readonly ActiveRun[], reason?: string): Promise<void>
}

export function createRunEnds(options: {
  readonly repository: Pick<Repository, 'finish' | 'lose'>
  readonly attempts: number
  readonly log: Log
  readonly onOver: (run: ActiveRun) => void
  /** Removes what a run that ended without a runner may have left in stores. Never throws. */
  readonly cleanUp: (run: LeftRun) => void
}): RunEnds {
  const { repository, attempts, log, onOver, cleanUp } = options

  async function finish(
    run: ActiveRun,
    { epoch, ...outcome }: FinishRun,
  ): Promise<'finished' | 'lease-lost'> {
    reach('before-finish')
    const { runId } = run.record
    const taken = await repository.finish({ runId, epoch, outcome, engine: run.process?.engine.label })
    reach('after-finish')
    onOver(run)
    return taken
  }

  async function refuse(record: RunRecord, thrown: unknown): Promise<void> {
    const { runId, epoch } = record
    const error = isBulkheadError(thrown)
      ? thrown
      : fault('internal', 'The run could not be begun', { cause: thrown })
    log.warn(`A run cannot be begun: ${error.message}`, { runId, code: error.code })
    try {
      await repository.finish({ runId, epoch, outcome: failedOutcome(record, error, undefined, Date.now()) })
    } catch (cause) {
      log.warn('The end of a run could not be kept', { runId, cause: String(cause) })
    }
  }

  async function fail(run: ActiveRun, error: BulkheadError): Promise<void> {
    const { record, startedAtMs } = run
    const { runId, epoch } = record
    try {
      const outcome = failedOutcome(record, error, startedAtMs, Date.now())
      await repository.finish({ runId, epoch, outcome, engine: run.process?.engine.label })
      // nothing of one that waits in its first epoch was ever begun
      if (run.process !== undefined || epoch > 1) cleanUp(record)
    } catch (cause) {
      // its lease runs out, and it is begun again
      log.warn('The end of a run could not be kept', { runId, cause: String(cause) })
    }
    onOver(run)
  }

  async function lose(
    runs: readonly ActiveRun[],
    { why, reason }: Pick<LostRun, 'why' | 'reason'>,
  ): Promise<void> {
    if (runs.length === 0) return
    const lost = runs.map(({ record: { runId, epoch } }) => ({ runId, epoch, reason, why }))
    try {
      for (const run of await repository.lose(lost, { attempts })) cleanUp(run)
    } catch (cause) {
      log.warn('Lost runs wait for the end of their leases', { runs: lost.length, cause: String(cause) })
    }
    for (const run of runs) onOver(run)
  }

  return {
    finish,
    late: (runId, { epoch, ...outcome }, engine) => repository.finish({ runId, epoch, outcome, engine }),
    refuse,
    fail,
    async died(runs, death) {
      // what it said before it died may be on its way still
      await Promise.allSettled(runs.flatMap(({ finishing }) => finishing ?? []))
      const left = runs.filter(({ lost }) => !lost)
      for (const run of left)
        log.warn(`The runner of a run died: ${death.reason}`, {
          runId: run.record.runId,
          epoch: run.record.epoch,
        })
      const blamed = left.filter((run) => errorOf(run, death, left.length) !== undefined)
      await Promise.all(blamed.map((run) => fail(run, errorOf(run, death, left.length) ?? cancelled())))
      const others = left.filter((run) => !blamed.includes(run))
      await lose(others, { why: 'died', reason: death.reason })
      for (const run of runs) if (run.lost) onOver(run)
    },
    // it was not begun for nothing by its own fault, and is not given up for that
    handOver: (runs, reason = 'the server ended') => lose(runs, { why: 'handed-over', reason }),
  }
}

/** What beginning it again would come to again; undefined when it may go better, or the fault was another run's. */
function errorOf(run: ActiveRun, death: Death, runs: number): BulkheadError | undefined {
  const { limits } = run.one.application.manifest.spec.policy
  if (death.why === 'time' && death.run === run)
    return fault('run-too-long', `The run took longer than ${run.limitMs / 1000} s, and did not stop`, {
      path: 'spec.policy.limits.time',
    })
  if (death.why === 'memory' && runs === 1)
    return fault(
      'memory-exceeded',
      `The process of the run needed more than ${limits.memory}${death.wroteMuch === true ? ' while it wrote more to its output than is read' : ''}`,
      {
        path: 'spec.policy.limits.memory',
        ...(death.wroteMuch === true && { fix: 'Write less to standard output and error' }),
      },
    )
  return undefined
}
