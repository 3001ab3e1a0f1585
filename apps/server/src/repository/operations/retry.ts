import type { Scope } from '../operation.ts'
import type { Actor, RunRecord } from '../repository.ts'
import { sendFreshAnswer } from './answer-again.ts'
import { beginAttempt } from './begin-attempt.ts'
import { lockedRun } from './locked-run.ts'
import { destinationsOf, fromJson, type RunRow, runRecordOf } from './rows.ts'
import { writeEvents } from './write-event.ts'
import { isFinal } from '@bulkhead/engine/job/run-state'

/** The next attempt of a run that failed or was cancelled, with the text that was kept of its request. */
export async function retry(
  scope: Scope,
  { runId, actor, newRunId }: { readonly runId: string; readonly actor: Actor; readonly newRunId: string },
): Promise<RunRecord | undefined> {
  const { db, nowMs } = scope
  const row = await lockedNewest(scope, runId)
  if (row === undefined || (row.state !== 'failed' && row.state !== 'cancelled')) return undefined
  const kept = await db.deleteFrom('bodies').where('run_id', '=', runId).returning('body').executeTakeFirst()
  if (kept === undefined) return undefined
  await db
    .updateTable('requests')
    .set({ run_id: newRunId, accepted_at: nowMs })
    .where('digest', '=', row.request_digest)
    .execute()
  const begun = await beginAttempt(scope, {
    runId: newRunId,
    digest: row.request_digest,
    application: row.application,
    job: row.job,
    revision: row.revision,
    requestId: row.request_id,
    requestSource: row.request_source,
    attempt: row.attempt + 1,
    validUntilMs: row.valid_until,
    destinations: destinationsOf(row),
    context: fromJson(row.context),
    actor,
    traceparent: row.traceparent,
    lane: row.lane,
    body: kept.body,
  })
  return runRecordOf(begun)
}

/** The outcome of a run once more, as a message of its own. @returns to how many destinations */
export async function resend(
  scope: Scope,
  {
    runId,
    actor,
    destinations,
  }: { readonly runId: string; readonly actor: Actor; readonly destinations: readonly string[] },
): Promise<number> {
  await lockRequestOf(scope, runId)
  const row = await lockedRun(scope, runId)
  if (row === undefined || !isFinal(row.state) || destinations.length === 0) return 0
  await sendFreshAnswer(scope, row, destinations)
  await writeEvents(scope, [
    { application: row.application, runId, type: 'resend-asked', actor, data: { destinations } },
  ])
  return new Set(destinations).size
}

/** Undefined too when a later attempt has taken its place. */
async function lockedNewest(scope: Scope, runId: string): Promise<RunRow | undefined> {
  const newest = await lockRequestOf(scope, runId)
  return newest === runId ? await lockedRun(scope, runId) : undefined
}

/** Before its runs, as `accept` does it, so that nobody waits for somebody who waits for them. */
async function lockRequestOf({ db, traits }: Scope, runId: string): Promise<string | undefined> {
  const request = await db
    .selectFrom('requests')
    .select('run_id')
    .where('digest', '=', (where) =>
      where.selectFrom('runs').select('request_digest').where('run_id', '=', runId),
    )
    .$if(traits.rowLocks, (query) => query.forUpdate())
    .executeTakeFirst()
  return request?.run_id
}
