import { sql } from 'kysely'
import { nextRunState } from '@bulkhead/engine/job/run-state'
import { laneOf, laneText } from '../lane.ts'
import type { Scope } from '../operation.ts'
import type { LeftRun, LostRun, Recovered, RecoveryPolicy } from '../repository.ts'
import { endWithoutRunner } from './end-run.ts'
import { lockedRuns } from './locked-run.ts'
import { cancelledError, runnerDiedError } from './reply-of-run.ts'
import type { RunRow } from './rows.ts'
import { writeEvents } from './write-event.ts'

/** Most runs of one transaction; who recovers asks again. */
const mostAtOnce = 500

/** Runs that their server cannot bring to an end. Those that are another epoch's by now are left alone (I2). */
export async function lose(
  scope: Scope,
  { runs, policy }: { readonly runs: readonly LostRun[]; readonly policy: RecoveryPolicy },
): Promise<LeftRun[]> {
  const rows = await lockedRuns(
    scope,
    runs.map(({ runId }) => runId),
  )
  const ended: LeftRun[] = []
  const given = new Set<string>()
  for (const { runId, epoch, reason, why } of runs) {
    const row = rows.get(runId)
    if (row?.state !== 'running' || row.epoch !== epoch || given.has(runId)) continue
    given.add(runId)
    if (await giveBack(scope, row, { reason, why }, policy)) ended.push(leftRunOf(row))
  }
  return ended
}

/** Runs whose lease ran out, by the repository's clock. @returns whether there may be more, too */
export async function recover(
  scope: Scope,
  policy: RecoveryPolicy,
): Promise<Recovered & { readonly more: boolean }> {
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
  const ended: LeftRun[] = []
  for (const row of rows)
    if (await giveBack(scope, row, { reason: 'lease ran out', why: 'unknown' }, policy))
      ended.push(leftRunOf(row))
  return { runs: rows.length, ended, more: rows.length === mostAtOnce }
}

/**
 * Back into the queue, or to an end: given up, or cancelled where that was asked of it while it ran (I10).
 * @returns whether it is over
 */
async function giveBack(
  scope: Scope,
  row: RunRow,
  { reason, why }: { readonly reason: string; readonly why: LostRun['why'] | 'unknown' },
  policy: RecoveryPolicy,
): Promise<boolean> {
  const { db } = scope
  const handovers = row.handovers + (why === 'handed-over' ? 1 : 0)
  const actor = row.server === null ? 'server' : `server:${row.server}`
  const givenUp = why !== 'handed-over' && row.epoch - handovers >= policy.attempts
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
    return true
  }
  if (givenUp && nextRunState(row.state, 'given-up') === 'failed') {
    await endWithoutRunner(scope, row, 'failed', runnerDiedError(row.epoch - handovers), actor)
    return true
  }
  const died = why === 'died'
  await db
    .updateTable('runs')
    .set({
      state: 'queued',
      // it takes no other run with it again
      ...(died && { lane: laneText({ ...laneOf(row.lane), alone: true }) }),
      queued_at: scope.nowMs,
      server: null,
      lease_until: null,
      progress_rows: null,
      progress_bytes: null,
      deaths: row.deaths + (died ? 1 : 0),
      handovers,
    })
    .where('run_id', '=', row.run_id)
    .execute()
  scope.changed('queued')
  return false
}

function leftRunOf({ run_id: runId, application, revision, epoch }: RunRow): LeftRun {
  return { runId, application, revision, epoch }
}
