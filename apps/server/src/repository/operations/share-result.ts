import { isFinal, nextRunState } from '@bulkhead/engine/job/run-state'
import type { Scope } from '../operation.ts'
import type { ReuseOfResult } from '../result-sharing.ts'
import { endRun } from './end-run.ts'
import { lockedRun } from './locked-run.ts'
import { instant } from './reply-of-run.ts'
import { deliveryOf, fromJson, replyOf, type RunRow } from './rows.ts'
import { writeEvents } from './write-event.ts'

/** What a run of a key does. */
type Share =
  /** It is answered with the result of that run. */
  | { readonly is: 'answered'; readonly by: RunRow }
  /** It waits for that one. */
  | { readonly is: 'waits'; readonly for: string }
  /** It runs, and later ones of its key share what it makes. */
  | { readonly is: 'runs' }

/**
 * Which of the three it is, by the newest run of the key. Whoever comes second waits here for the first, so that of identical
 * requests at one instant one runs.
 */
export async function shareOf(
  scope: Scope,
  { key, withinMs, fresh }: ReuseOfResult,
  { runId }: { readonly runId: string },
): Promise<Share> {
  const { db } = scope
  const first = await db
    .insertInto('shared_results')
    .values({ key, run_id: runId })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('key')
    .executeTakeFirst()
  if (first !== undefined) return { is: 'runs' }
  const holder = await lockedHolder(scope, key)
  const leader = holder === undefined || fresh ? undefined : await lockedRun(scope, holder)
  if (leader !== undefined && leader.run_id !== runId) {
    if (isReusable(scope, leader, withinMs)) return { is: 'answered', by: leader }
    if (!isFinal(leader.state) && isYoung(scope, leader, withinMs)) return { is: 'waits', for: leader.run_id }
  }
  await db.updateTable('shared_results').set({ run_id: runId }).where('key', '=', key).execute()
  return { is: 'runs' }
}

/** The newest run of a key, which nobody else changes until the transaction is over. */
export async function lockedHolder({ db, traits }: Scope, key: string): Promise<string | undefined> {
  const holder = await db
    .selectFrom('shared_results')
    .select('run_id')
    .where('key', '=', key)
    .$if(traits.rowLocks, (query) => query.forUpdate())
    .executeTakeFirst()
  return holder?.run_id
}

/** Whether the result of a run is there, young enough, and will be for a while. */
export function isReusable(scope: Scope, leader: RunRow, withinMs: number): boolean {
  const delivery = deliveryOf(leader)
  return (
    (leader.state === 'completed' || leader.state === 'completed-with-errors') &&
    delivery !== undefined &&
    leader.result_gone_at === null &&
    (delivery.keptUntilMs ?? Infinity) > scope.nowMs &&
    isYoung(scope, leader, withinMs)
  )
}

/** What it reads is no older than from its start; one that waits has not begun. */
function isYoung({ nowMs }: Scope, { started_at }: RunRow, withinMs: number): boolean {
  return (started_at ?? nowMs) + withinMs > nowMs
}

/** Ends a run that nobody began with the result of another: links are made for it when its answer is sent. */
export async function endReused(scope: Scope, row: RunRow, leader: RunRow): Promise<RunRow> {
  const reply = replyOf(leader)
  const state = leader.state === 'completed' ? leader.state : 'completed-with-errors'
  if (reply === undefined) throw new Error(`Run ${leader.run_id} is over and has no outcome`) // I3
  if (nextRunState(row.state, `reused-${state}`) !== state)
    throw new Error(`A run cannot be answered when ${row.state}`)
  // of how it was made nothing is true of this one
  const { startedAt, tries: _tries, context: _context, ...made } = reply
  const context = fromJson(row.context)
  await writeEvents(scope, [
    {
      application: row.application,
      runId: row.run_id,
      type: 'reused',
      actor: 'server',
      data: { from: leader.run_id },
    },
  ])
  const ended = await endRun(scope, row, {
    state,
    actor: 'server',
    reply: {
      ...made,
      ...(context !== undefined && { context }),
      finishedAt: instant(scope.nowMs),
      reusedFrom: { runId: leader.run_id, readAt: startedAt ?? instant(leader.accepted_at) },
    },
    delivery: leader.delivery,
    outcomeEpoch: undefined,
    reusedFrom: leader.run_id,
  })
  return ended.row
}
