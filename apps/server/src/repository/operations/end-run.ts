import type { FinalState, StoredReply } from '@bulkhead/contract'
import { laneOf } from '../lane.ts'
import type { Scope } from '../operation.ts'
import type { MessageLease } from '../handed-messages.ts'
import type { Actor, OutboxMessage } from '../repository.ts'
import { putMessages } from './put-messages.ts'
import { instant, replyOfRun } from './reply-of-run.ts'
import { destinationsOf, type RunRow } from './rows.ts'
import { together } from './together.ts'
import { writeEvents } from './write-event.ts'

export interface EndOfRun {
  readonly state: FinalState
  readonly actor: Actor
  /** How it ended, in the words of its runner; what identifies the message is the repository's. */
  readonly reply: StoredReply
  /** As JSON. */
  readonly delivery: string | null
  /** When its result is to be removed; undefined: not by a server. */
  readonly resultUntilMs?: number | undefined
  /** Of the server that says it: its messages are its own to send. */
  readonly lease?: MessageLease | undefined
  /** Undefined when no runner said it. */
  readonly outcomeEpoch: number | undefined
  /** Whose process said it. */
  readonly engine?: string | undefined
  /** The run whose result it is; undefined: its own. */
  readonly reusedFrom?: string
}

/**
 * The one place where a run ends: state, history, and one message for each destination, in one transaction (I3).
 *
 * The request's text goes, but for a run that may be tried again.
 */
export async function endRun(
  scope: Scope,
  row: RunRow,
  end: EndOfRun,
): Promise<{ readonly row: RunRow; readonly leased: readonly OutboxMessage[] }> {
  const { db, nowMs } = scope
  const sequence = Math.max(row.sequence + 1, end.reply.sequence)
  const reply = {
    ...end.reply,
    requestId: row.request_id,
    runId: row.run_id,
    application: row.application,
    attempt: row.attempt,
    sequence,
    status: end.state,
    acceptedAt: instant(row.accepted_at),
  }
  const ended = {
    state: end.state,
    outcome_epoch: end.outcomeEpoch ?? null,
    server: null,
    lease_until: null,
    started_at: row.started_at ?? epochMsOf(reply.startedAt),
    finished_at: nowMs,
    ...(row.state === 'queued' && { waited: row.waited + nowMs - (row.queued_at ?? row.accepted_at) }),
    sequence,
    reply: JSON.stringify(reply),
    delivery: end.delivery,
    result_until: end.resultUntilMs ?? null,
    engine: end.engine ?? row.engine,
    waits_for: null,
    reused_from: end.reusedFrom ?? null,
  }
  const isDone = end.state === 'completed' || end.state === 'completed-with-errors'
  const destinations = destinationsOf(row)
  // what is told of the run before its end is in the outbox, perhaps, and goes first
  const isFirst = destinations.accepted.length + destinations.progress.length === 0
  const putting = putMessages(
    scope,
    {
      digest: row.request_digest,
      runId: row.run_id,
      application: row.application,
      destinations: destinations.outcome,
      message: end.state,
      reply,
      delivery: end.delivery,
      revision: row.revision,
      requestSource: row.request_source,
      traceparent: row.traceparent,
    },
    isFirst ? end.lease : undefined,
  )
  await together(
    db.updateTable('runs').set(ended).where('run_id', '=', row.run_id).execute(),
    ...(isDone ? [db.deleteFrom('bodies').where('run_id', '=', row.run_id).execute()] : []),
    // whatever was asked of it is answered by its end
    db
      .updateTable('commands')
      .set({ effective_at: nowMs })
      .where('run_id', '=', row.run_id)
      .where('effective_at', 'is', null)
      .execute(),
    writeEvents(scope, [
      {
        application: row.application,
        runId: row.run_id,
        type: 'finished',
        actor: end.actor,
        data: {
          state: end.state,
          attempt: row.attempt,
          epoch: row.epoch,
          ...(ended.engine !== null && { engine: ended.engine }),
          ...(reply.error !== undefined && { code: reply.error.code }),
          ...(reply.result !== undefined && { rows: reply.result.rows, bytes: reply.result.bytes }),
        },
      },
    ]),
    putting,
  )
  scope.changed('ended')
  // its places at source systems are for others, on any server
  if (laneOf(row.lane).systems.length > 0) scope.changed('queued')
  return { row: { ...row, ...ended }, leased: await putting }
}

/** Ends a run that no runner can speak for any more. */
export async function endWithoutRunner(
  scope: Scope,
  row: RunRow,
  state: 'failed' | 'cancelled',
  error: NonNullable<StoredReply['error']>,
  actor: Actor,
): Promise<RunRow> {
  const reply = replyOfRun(row, state, 1, { finishedAt: instant(scope.nowMs), error })
  const end = { state, actor, reply, delivery: null, outcomeEpoch: undefined }
  return (await endRun(scope, row, end)).row
}

function epochMsOf(text: string | undefined): number | null {
  const time = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(time) ? null : time
}
