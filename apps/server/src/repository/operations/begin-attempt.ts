import type { Scope } from '../operation.ts'
import type { Actor, Destinations } from '../repository.ts'
import type { ReuseOfResult } from '../result-sharing.ts'
import { putMessages } from './put-messages.ts'
import { replyOfRun } from './reply-of-run.ts'
import { type NewRunRow, type RunRow, toJson } from './rows.ts'
import { together } from './together.ts'
import { writeEvents } from './write-event.ts'

export interface NewAttempt {
  readonly runId: string
  readonly digest: string
  readonly application: string
  readonly job: string | null
  readonly revision: string
  readonly requestId: string
  readonly requestSource: string
  readonly attempt: number
  readonly validUntilMs: number | null
  readonly destinations: Destinations
  readonly context: unknown
  readonly actor: Actor
  readonly traceparent: string | null
  /** See `laneOf`. */
  readonly lane: string
  /** Undefined for one that is refused at once. */
  readonly body: string | undefined
  readonly reuse?: ReuseOfResult | undefined
  /** The run that it waits for. */
  readonly waitsFor?: string | undefined
}

/** Puts an attempt into the queue, and tells who wants to know that it was accepted. */
export async function beginAttempt(scope: Scope, attempt: NewAttempt): Promise<RunRow> {
  const { db, nowMs } = scope
  const { runId, body, destinations } = attempt
  const told = body === undefined ? [] : destinations.accepted
  const row: NewRunRow & RunRow = {
    run_id: runId,
    application: attempt.application,
    job: attempt.job,
    revision: attempt.revision,
    request_digest: attempt.digest,
    request_id: attempt.requestId,
    request_source: attempt.requestSource,
    attempt: attempt.attempt,
    state: 'queued',
    epoch: 0,
    outcome_epoch: null,
    server: null,
    lease_until: null,
    accepted_at: nowMs,
    started_at: null,
    finished_at: null,
    valid_until: attempt.validUntilMs,
    progress_rows: null,
    progress_bytes: null,
    progress_told_at: null,
    sequence: told.length === 0 ? 0 : 1,
    destinations: JSON.stringify(destinations),
    context: toJson(attempt.context),
    actor: attempt.actor,
    traceparent: attempt.traceparent,
    reply: null,
    delivery: null,
    result_gone_at: null,
    result_until: null,
    deaths: 0,
    handovers: 0,
    engine: null,
    lane: attempt.lane,
    queued_at: nowMs,
    waited: 0,
    reuse_key: attempt.reuse?.key ?? null,
    reuse_ms: attempt.reuse?.withinMs ?? null,
    waits_for: attempt.waitsFor ?? null,
    reused_from: null,
  }
  await together(
    db.insertInto('runs').values(row).execute(),
    ...(body === undefined ? [] : [db.insertInto('bodies').values({ run_id: runId, body }).execute()]),
    writeEvents(scope, [
      {
        application: attempt.application,
        runId,
        type: 'accepted',
        actor: attempt.actor,
        data: {
          attempt: attempt.attempt,
          job: attempt.job,
          ...(attempt.waitsFor !== undefined && { waitsFor: attempt.waitsFor }),
        },
      },
    ]),
    putMessages(scope, {
      digest: attempt.digest,
      runId,
      application: attempt.application,
      destinations: told,
      message: 'accepted',
      reply: replyOfRun(row, 'accepted', 1),
      delivery: null,
      revision: attempt.revision,
      requestSource: attempt.requestSource,
      traceparent: attempt.traceparent,
    }),
  )
  scope.changed('queued')
  return row
}
