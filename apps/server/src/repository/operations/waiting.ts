import { type Kysely, sql } from 'kysely'
import { type Lane, laneOf } from '../lane.ts'
import type { Scope } from '../operation.ts'
import type { Waiting } from '../claim.ts'
import type { Tables } from '../tables.ts'

/** Who waits, and how much is taken of what runs wait for. */
export async function waiting({ db }: Scope): Promise<Waiting> {
  const lanes = await waitingLanes(db)
  const running = await runningBySystem(db)
  return { lanes, running: [...running].map(([system, runs]) => ({ system, runs })) }
}

/** Each lane that has runs which wait for their turn, and not for an identical request, once: from one to the next in the index, however long they are. */
export async function waitingLanes(
  db: Kysely<Tables>,
): Promise<readonly (Lane & { readonly application: string })[]> {
  const after = sql`(select application, lane from runs
    where state = 'queued' and waits_for is null and (application, lane) > (found.application, found.lane)
    order by application, lane limit 1)`
  const { rows } = await sql<{ application: string; lane: string }>`
    with recursive found(application, lane) as (
      select application, lane from
        (select application, lane from runs where state = 'queued' and waits_for is null order by application, lane limit 1) as first
      union all
      select (select application from ${after} as next), (select lane from ${after} as next)
      from found where found.application is not null
    )
    select application, lane from found where application is not null`.execute(db)
  return rows.map(({ application, lane }) => ({ application, ...laneOf(lane) }))
}

/** Runs that are under way are few, whatever the table has grown to. */
export async function runningBySystem(db: Kysely<Tables>): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('runs')
    .select('lane')
    .where('state', '=', sql.lit('running' as const))
    .execute()
  const running = new Map<string, number>()
  for (const { lane } of rows)
    for (const system of laneOf(lane).systems) running.set(system, (running.get(system) ?? 0) + 1)
  return running
}
