import { sql } from 'kysely'
import { nextRunState } from '@bulkhead/engine/job/run-state'
import type { Scope } from '../operation.ts'
import type { LostRun, RecoveryPolicy } from '../repository.ts'
import { endWithoutRunner } from './end-run.ts'
import { lockedRuns } from './locked-run.ts'
import { cancelledError, runnerDiedError } from './reply-of-run.ts'
import type { RunRow } from './rows.ts'
import { writeEvents } from './write-event.ts'

/** Most runs of one transaction; who recovers asks again. */
const mostAtOnce = 500

/** Runs whose runner is known dead. Those that are another epoch's by now are left alone (I2). */
export async function lose(
  scope: Scope,
  { runs, policy }: { readonly runs: readonly LostRun[]; readonly policy: RecoveryPolicy },
): Promise<void> {
  const rows = await lockedRuns(
    scope,
    runs.map(({ runId }) => runId),
  )
  for (const { runId, epoch, reason } of runs) {
    const row = rows.get(runId)
    if (row?.state === 'running' && row.epoch === epoch) await giveBack(scope, row, reason, policy)
  }
}

/** Runs whose lease ran out, by the repository's clock. @returns how many, and whether there may be more */
export async function recover(
  scope: Scope,
  policy: RecoveryPolicy,
): Promise<{ readonly recovered: number; readonly more: boolean }> {
  const { db, nowMs, traits } = scope
  const rows = await db
    .selectFrom('runs')
    .selectAll()
    .where('state', '=', sql.lit('running' as const))
    .where('lease_until', '<', nowMs)
    .orderBy('lease_until')
    .limit(mostAtOnce)
    .$if(traits.rowLocks, (query) => query.forUpdate().skipLocked())
    .execute()
  for (const row of rows) await giveBack(scope, row, 'lease ran out', policy)
  return { recovered: rows.length, more: rows.length === mostAtOnce }
}

/** Back into the queue, or to an end: given up, or cancelled where that was asked of it while it ran (I10). */
async function giveBack(scope: Scope, row: RunRow, reason: string, policy: RecoveryPolicy): Promise<void> {
  const { db } = scope
  const actor = row.server === null ? 'server' : `server:${row.server}`
  const givenUp = row.epoch >= policy.attempts
  await writeEvents(scope, [
    {
      application: row.application,
      runId: row.run_id,
      type: 'lost',
      actor,
      data: { epoch: row.epoch, reason, givenUp },
    },
  ])
  const cancel = await db
    .selectFrom('commands')
    .select('actor')
    .where('run_id', '=', row.run_id)
    .where('command', '=', 'cancel')
    .where('effective_at', 'is', null)
    .executeTakeFirst()
  if (cancel !== undefined) {
    await endWithoutRunner(scope, row, 'cancelled', cancelledError(), cancel.actor)
  } else if (givenUp && nextRunState(row.state, 'given-up') === 'failed') {
    await endWithoutRunner(scope, row, 'failed', runnerDiedError(row.epoch), actor)
  } else {
    await db
      .updateTable('runs')
      .set({ state: 'queued', server: null, lease_until: null, progress_rows: null, progress_bytes: null })
      .where('run_id', '=', row.run_id)
      .execute()
    scope.changed('runs')
  }
}
