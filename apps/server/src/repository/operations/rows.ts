import type { Delivery, StoredReply } from '@bulkhead/contract'
import type { Insertable, Selectable } from 'kysely'
import { laneOf } from '../lane.ts'
import type { Destinations, OutboxMessage, RunRecord } from '../repository.ts'
import type { OutboxTable, RunTable } from '../tables.ts'

export type RunRow = Selectable<RunTable>
export type NewRunRow = Insertable<RunTable>

/** What the port tells of a run. */
export function runRecordOf(row: RunRow): RunRecord {
  return {
    runId: row.run_id,
    application: row.application,
    job: row.job ?? undefined,
    revision: row.revision,
    requestDigest: row.request_digest,
    requestId: row.request_id,
    requestSource: row.request_source,
    attempt: row.attempt,
    state: row.state,
    epoch: row.epoch,
    deaths: row.deaths,
    server: row.server ?? undefined,
    engine: row.engine ?? undefined,
    acceptedAtMs: row.accepted_at,
    lane: laneOf(row.lane),
    queuedAtMs: row.queued_at ?? row.accepted_at,
    waitedMs: row.waited,
    startedAtMs: row.started_at ?? undefined,
    finishedAtMs: row.finished_at ?? undefined,
    progress:
      row.progress_bytes === null ? undefined : { rows: row.progress_rows, bytes: row.progress_bytes },
    reply: replyOf(row),
    delivery: deliveryOf(row),
    resultGoneAtMs: row.result_gone_at ?? undefined,
    actor: row.actor,
    context: fromJson(row.context),
    waitsFor: row.waits_for ?? undefined,
    reusedFrom: row.reused_from ?? undefined,
  }
}

export function messageOf(row: Selectable<OutboxTable>): OutboxMessage {
  return {
    id: row.id,
    runId: row.run_id,
    application: row.application,
    destination: row.destination,
    message: row.message,
    reply: JSON.parse(row.reply) as StoredReply,
    delivery: deliveryOf(row),
    revision: row.revision,
    requestSource: row.request_source,
    state: row.state,
    tries: row.tries,
    dueAtMs: row.due_at,
    lastError: row.last_error ?? undefined,
    traceparent: row.traceparent ?? undefined,
  }
}

export function replyOf(row: Pick<RunRow, 'reply'>): StoredReply | undefined {
  return fromJson<StoredReply>(row.reply)
}

export function deliveryOf(row: { readonly delivery: string | null }): Delivery | undefined {
  return fromJson<Delivery>(row.delivery)
}

export function destinationsOf(row: Pick<RunRow, 'destinations'>): Destinations {
  return JSON.parse(row.destinations) as Destinations
}

export function fromJson<T>(text: string | null): T | undefined {
  return text === null ? undefined : (JSON.parse(text) as T)
}

export function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}
