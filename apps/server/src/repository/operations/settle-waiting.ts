import { sql } from 'kysely'
import { isFinal } from '@bulkhead/engine/job/run-state'
import type { Scope } from '../operation.ts'
import type { RunRecord } from '../repository.ts'
import type { SettledRuns } from '../result-sharing.ts'
import { lockedRun } from './locked-run.ts'
import { type RunRow, runRecordOf } from './rows.ts'
import { endReused, isReusable, lockedHolder, shareOf } from './share-result.ts'

/**
 * Runs that wait for one that is over, or are out of time. It is asked again and again, by every server, so that nobody waits
 * for ever for whoever died in between.
 */
export async function settleWaiting(scope: Scope, most: number): Promise<SettledRuns> {
  const { db, nowMs } = scope
  const rows = await db
    .selectFrom('runs as waiting')
    .leftJoin('runs as leader', 'leader.run_id', 'waiting.waits_for')
    .select(['waiting.run_id', 'waiting.reuse_key'])
    .where('waiting.waits_for', 'is not', null)
    // an earlier version knows nothing of waiting, and has it run
    .where('waiting.state', '=', sql.lit('queued' as const))
    .where((where) =>
      where.or([
        where('leader.finished_at', 'is not', null),
        where('leader.run_id', 'is', null),
        where('waiting.valid_until', '<', nowMs),
      ]),
    )
    // by key, so that two servers never wait for each other
    .orderBy('waiting.reuse_key')
    .orderBy('waiting.run_id')
    .limit(most)
    .execute()
  const answered: RunRecord[] = []
  for (const { run_id, reuse_key } of rows) {
    if (reuse_key === null) continue
    await lockedHolder(scope, reuse_key)
    const row = await lockedRun(scope, run_id)
    if (row?.state !== 'queued' || row.waits_for === null) continue
    const ended = await settle(scope, row, reuse_key)
    if (ended !== undefined) answered.push(runRecordOf(ended))
  }
  return { answered, more: rows.length === most }
}

/** @returns the run when it is over by it */
async function settle(scope: Scope, row: RunRow, key: string): Promise<RunRow | undefined> {
  const withinMs = row.reuse_ms ?? 0
  // its time is over: whoever takes it says so
  if (row.valid_until !== null && row.valid_until < scope.nowMs) return await release(scope, row, null)
  const leader = await lockedRun(scope, row.waits_for ?? '')
  if (leader !== undefined && !isFinal(leader.state)) return undefined
  if (leader !== undefined && isReusable(scope, leader, withinMs)) return await endReused(scope, row, leader)
  const share = await shareOf(scope, { key, withinMs, fresh: false }, { runId: row.run_id })
  if (share.is === 'answered') return await endReused(scope, row, share.by)
  return await release(scope, row, share.is === 'waits' ? share.for : null)
}

/** @param waitsFor  null: it waits for its turn from now on */
async function release(scope: Scope, row: RunRow, waitsFor: string | null): Promise<undefined> {
  await scope.db
    .updateTable('runs')
    .set({ waits_for: waitsFor })
    .where('run_id', '=', row.run_id)
    .where('state', '=', sql.lit('queued' as const))
    .execute()
  if (waitsFor === null) scope.changed('queued')
}
