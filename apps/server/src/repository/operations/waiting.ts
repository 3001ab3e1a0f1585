import { type Kysely, sql } from 'kysely'
import { type Lane, laneOf } from '../lane.ts'
import type { Scope } from '../operation.ts'
import type { Waiting } from '../claim.ts'
import type { Tables } from '../tables.ts'

/** Who of the applications waits, and how much is taken of what runs wait for. */
export async function waiting({ db }: Scope, applications: readonly string[]): Promise<Waiting> {
  const lanes = await waitingLanes(db, applications)
  const running = await runningBySystem(db)
  return { lanes, running: [...running].map(([system, runs]) => ({ system, runs })) }
}

/**
 * Each lane that has runs which wait for their turn, and not for an identical request, once: from one to the next in the
 * index, however long they are. The applications are given, because a database does not go from one to the next by itself, but through all that waits.
 */
export async function waitingLanes(
  db: Kysely<Tables>,
  applications: readonly string[],
): Promise<readonly (Lane & { readonly application: string })[]> {
  if (applications.length === 0) return []
  const names = sql.join(applications.map((name) => sql`(${name})`))
  const { rows } = await sql<{ application: string; lane: string }>`
    with recursive asked(application) as (values ${names}),
    found(application, lane) as (
      select application, (
        select min(lane) from runs where state = 'queued' and waits_for is null and runs.application = asked.application
      ) from asked
      union all
      select application, (
        select min(lane) from runs
        where state = 'queued' and waits_for is null and runs.application = found.application and runs.lane > found.lane
      ) from found where lane is not null
    )
    select application, lane from found where lane is not null`.execute(db)
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
