import { type Delivery, lateLinkSeconds } from '@bulkhead/contract'
import type { SelectQueryBuilder } from 'kysely'
import type { Scope } from '../operation.ts'
import type { ExpiredResult } from '../repository.ts'
import type { Tables } from '../tables.ts'
import { deliveryOf } from './rows.ts'
import { writeEvents } from './write-event.ts'

/** Undefined for a result that has no end. Later than its time is over, because a link made in its last moment lasts so long. */
export function endOfResult(delivery: Delivery): number | undefined {
  return delivery.keptUntilMs === undefined ? undefined : delivery.keptUntilMs + lateMsOf(delivery)
}

function lateMsOf(delivery: Pick<Delivery, 'urlExpiresInSeconds'>): number {
  return lateLinkSeconds(delivery) * 1000
}

/** SQLite takes 500 parts of a compound query; more applications than that are asked for in turn. */
const mostParts = 200

/**
 * Marks results whose time is over and gives them out. They are marked first and removed then, so that no link is made
 * to a result that goes; one that could not be removed is given out again.
 */
export async function expireResults(
  scope: Scope,
  {
    applications,
    most,
    retryMs,
  }: { readonly applications: readonly string[]; readonly most: number; readonly retryMs: number },
): Promise<ExpiredResult[]> {
  const { db, nowMs } = scope
  const due: string[] = []
  for (let from = 0; from < applications.length; from += mostParts)
    due.push(...(await dueRuns(scope, applications.slice(from, from + mostParts), most)))
  if (due.length === 0) return []
  // asked behind the locks: a repeat of the request that came before them is seen
  const linked = await linkedRuns(scope, due)
  const [ready, early] = [due.filter((id) => !linked.has(id)), due.filter((id) => linked.has(id))]
  if (early.length > 0)
    await db
      .updateTable('runs')
      .set({ result_until: nowMs + lateMsOf({ urlExpiresInSeconds: Infinity }) })
      .where('run_id', 'in', early)
      .execute()
  if (ready.length === 0) return []
  const rows = await db
    .updateTable('runs')
    .set((set) => ({
      result_gone_at: set.fn.coalesce('result_gone_at', set.val(nowMs)),
      result_until: nowMs + retryMs,
    }))
    .where('run_id', 'in', ready)
    .returning(['run_id', 'application', 'revision', 'epoch', 'delivery', 'result_gone_at'])
    .execute()
  // what was answered with it goes with it
  await db
    .updateTable('runs')
    .set({ result_gone_at: nowMs })
    .where('reused_from', 'in', ready)
    .where('result_gone_at', 'is', null)
    .execute()
  await writeEvents(
    scope,
    rows
      .filter(({ result_gone_at }) => result_gone_at === nowMs)
      .map(({ run_id, application }) => ({
        application,
        runId: run_id,
        type: 'result-expired',
        actor: 'server',
      })),
  )
  return rows.flatMap((row) => {
    const delivery = deliveryOf(row)
    if (delivery === undefined) return []
    const { run_id, application, revision, epoch } = row
    return [{ runId: run_id, application, revision, epoch, store: delivery.store }]
  })
}

async function dueRuns(
  { db, nowMs, traits }: Scope,
  applications: readonly string[],
  most: number,
): Promise<readonly string[]> {
  const [first, ...others] = applications.map(
    (application) =>
      // in a query of its own, because neither database takes an order or a lock directly in a part of a union
      db
        .selectFrom(
          db
            .selectFrom('runs')
            .select('run_id')
            .where('application', '=', application)
            .where('result_until', '<=', nowMs)
            .orderBy('result_until')
            .limit(most)
            .$if(traits.rowLocks, (query) => query.forUpdate().skipLocked())
            .as('of_place'),
        )
        .select('of_place.run_id') as unknown as SelectQueryBuilder<Tables, never, { run_id: string }>,
  )
  if (first === undefined) return []
  let query = first
  for (const other of others) query = query.unionAll(other)
  return (await query.execute()).map(({ run_id }) => run_id)
}

/**
 * Of these runs those whose answer is not sent yet, or was sent with a link that may be valid still; the same for answers of
 * others with their result.
 */
async function linkedRuns({ db, nowMs }: Scope, runIds: readonly string[]): Promise<ReadonlySet<string>> {
  const reusing = await db
    .selectFrom('runs')
    .select('run_id')
    .where('reused_from', 'in', [...runIds])
    .execute()
  const rows = await db
    .selectFrom('outbox')
    .innerJoin('runs', 'runs.run_id', 'outbox.run_id')
    .select(['outbox.run_id', 'runs.reused_from', 'outbox.state', 'outbox.sent_at', 'outbox.delivery'])
    .where('outbox.run_id', 'in', [...runIds, ...reusing.map(({ run_id }) => run_id)])
    .where('outbox.delivery', 'is not', null)
    .where('outbox.state', '<>', 'failed')
    .where('runs.result_gone_at', 'is', null)
    .execute()
  const linked = rows.filter(({ state, sent_at, delivery }) => {
    const lateMs = lateMsOf(deliveryOf({ delivery }) ?? { urlExpiresInSeconds: 0 })
    return state === 'due' || (sent_at ?? 0) + lateMs > nowMs
  })
  return new Set(linked.map(({ run_id, reused_from }) => reused_from ?? run_id))
}

/** They lie in no store any more. */
export async function resultsGone(scope: Scope, runIds: readonly string[]): Promise<void> {
  if (runIds.length === 0) return
  const { db, nowMs } = scope
  const gone = await db
    .updateTable('runs')
    .set((set) => ({ result_gone_at: set.fn.coalesce('result_gone_at', set.val(nowMs)), result_until: null }))
    .where('run_id', 'in', [...runIds])
    .where('finished_at', 'is not', null)
    .where((where) => where.or([where('result_gone_at', 'is', null), where('result_until', 'is not', null)]))
    .returning(['run_id', 'application'])
    .execute()
  await writeEvents(
    scope,
    gone.map(({ run_id, application }) => ({
      application,
      runId: run_id,
      type: 'result-removed',
      actor: 'server',
    })),
  )
}
