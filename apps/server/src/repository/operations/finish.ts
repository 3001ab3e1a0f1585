import { nextRunState, isFinal } from '@bulkhead/engine/job/run-state'
import type { Scope } from '../operation.ts'
import type { MessageLease } from '../handed-messages.ts'
import type { FinishedRun, OutboxMessage } from '../repository.ts'
import { endRun } from './end-run.ts'
import { endOfResult } from './expire-results.ts'
import { lockedRun } from './locked-run.ts'
import { toJson } from './rows.ts'
import { writeEvents } from './write-event.ts'

interface Finishing {
  readonly finished: FinishedRun
  /** Of the server that sends messages here. */
  readonly lease: MessageLease | undefined
}

interface Finished {
  readonly is: 'finished' | 'lease-lost'
  /** Its messages, as far as they are under the lease. */
  readonly leased: readonly OutboxMessage[]
}

const lost: Finished = { is: 'lease-lost', leased: [] }
const known: Finished = { is: 'finished', leased: [] }

/** Keeps how a run ended, when the one who says so still has it (I2). */
export async function finish(
  scope: Scope,
  { finished: { runId, epoch, outcome, engine }, lease }: Finishing,
): Promise<Finished> {
  const row = await lockedRun(scope, runId)
  if (row === undefined || row.epoch !== epoch) return lost
  // said twice, because the answer to the first was lost
  if (row.outcome_epoch === epoch) return known
  // who had it before it went back into the queue knows the same epoch
  if (row.state === 'queued' && epoch > 0) return lost
  const { status } = outcome.reply
  if (status === 'accepted' || status === 'progress') throw new Error(`A run cannot end as ${status}`)
  const state = nextRunState(row.state, `finished-${status}`)
  if (state === undefined || !isFinal(state)) return lost
  const actor = row.server === null ? 'server' : `server:${row.server}`
  const { prepared } = outcome.reply
  if (prepared !== undefined) {
    const { preparedQuery: query } = outcome
    const data = { ...prepared, ...(query !== undefined && { query }) }
    const { application, run_id } = row
    await writeEvents(scope, [{ application, runId: run_id, type: 'prepared', actor, data }])
  }
  const { leased } = await endRun(scope, row, {
    state,
    actor,
    reply: outcome.reply,
    delivery: toJson(outcome.delivery),
    resultUntilMs: outcome.delivery && endOfResult(outcome.delivery),
    outcomeEpoch: epoch,
    engine,
    lease,
  })
  return { is: 'finished', leased }
}
