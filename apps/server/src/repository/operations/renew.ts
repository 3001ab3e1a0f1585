import { sql } from 'kysely'
import type { Scope } from '../operation.ts'
import type { Renewal, RenewedRun } from '../repository.ts'
import { lockedRuns } from './locked-run.ts'
import { putMessages } from './put-messages.ts'
import { replyOfRun } from './reply-of-run.ts'
import { destinationsOf, type RunRow } from './rows.ts'

/** Who wants progress gets it no more often than this. */
const progressEveryMs = 5_000

/** Prolongs the leases of runs that are still this epoch's (I2), keeps their progress, and tells their commands. */
export async function renew(scope: Scope, { leaseMs, runs }: Renewal): Promise<RenewedRun[]> {
  const { db, nowMs } = scope
  const rows = await lockedRuns(
    scope,
    runs.map(({ runId }) => runId),
  )
  const held = runs.filter(({ runId, epoch }) => {
    const row = rows.get(runId)
    return row !== undefined && row.state === 'running' && row.epoch === epoch
  })
  if (held.length === 0) return runs.map(({ runId }) => ({ runId, held: false, commands: [] }))
  const heldIds = held.map(({ runId }) => runId)
  await db
    .updateTable('runs')
    .set({ lease_until: nowMs + leaseMs })
    .where('run_id', 'in', heldIds)
    .execute()
  for (const run of held) {
    const row = rows.get(run.runId)
    if (row !== undefined) await keepProgress(scope, row, run)
  }
  const commands = await db
    .selectFrom('commands')
    .select(['id', 'run_id', 'command', 'reason'])
    .where('run_id', 'in', heldIds)
    .where('effective_at', 'is', null)
    .orderBy('asked_at')
    .execute()
  return runs.map(({ runId }) => ({
    runId,
    held: heldIds.includes(runId),
    commands: commands
      .filter(({ run_id }) => run_id === runId)
      .map(({ id, command, reason }) => ({ id, command, reason })),
  }))
}

async function keepProgress(
  scope: Scope,
  row: RunRow,
  { startedAtMs, progress, engine }: Renewal['runs'][number],
): Promise<void> {
  const begun = row.started_at === null && startedAtMs !== undefined
  const moved =
    progress !== undefined && (progress.bytes !== row.progress_bytes || progress.rows !== row.progress_rows)
  const given = engine !== undefined && engine !== row.engine
  if (!begun && !moved && !given) return
  const { db, nowMs } = scope
  const wanted = destinationsOf(row).progress
  const tell =
    moved && wanted.length > 0 && nowMs - (row.progress_told_at ?? row.accepted_at) >= progressEveryMs
  const sequence = row.sequence + 1
  await db
    .updateTable('runs')
    .set({
      ...(begun && { started_at: startedAtMs }),
      ...(given && { engine }),
      ...(moved && { progress_rows: progress.rows, progress_bytes: progress.bytes }),
      ...(tell && { progress_told_at: nowMs, sequence }),
    })
    .where('run_id', '=', row.run_id)
    .execute()
  if (!tell) return
  const started = { ...row, started_at: row.started_at ?? startedAtMs ?? null }
  await putMessages(scope, {
    digest: row.request_digest,
    runId: row.run_id,
    application: row.application,
    destinations: wanted,
    message: `progress-${sequence}`,
    reply: replyOfRun(started, 'progress', sequence, { progress }),
    delivery: null,
    revision: row.revision,
    requestSource: row.request_source,
    traceparent: row.traceparent,
  })
}

/** Every lease gets one more period, because nobody could renew. */
export async function prolongAll({ db, nowMs }: Scope, leaseMs: number): Promise<void> {
  await db
    .updateTable('runs')
    .set({ lease_until: nowMs + leaseMs })
    .where('state', '=', sql.lit('running' as const))
    .where('lease_until', '<', nowMs + leaseMs)
    .execute()
}
