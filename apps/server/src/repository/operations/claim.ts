import { type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import type { Scope } from '../operation.ts'
import type { Claim, ClaimedRun } from '../repository.ts'
import type { Tables } from '../tables.ts'
import { runRecordOf } from './rows.ts'
import { together } from './together.ts'
import { writeEvents } from './write-event.ts'

/** SQLite takes 500 parts of a compound query; more applications than that are asked for in turn. */
const mostParts = 200

/** Gives waiting runs to a server, each with a new epoch (I2): the oldest of each application first (I7). */
export async function claim(scope: Scope, { server, leaseMs, most }: Claim): Promise<ClaimedRun[]> {
  const { db, nowMs } = scope
  const asked = most.filter(({ runs }) => runs > 0)
  const ids: string[] = []
  for (let from = 0; from < asked.length; from += mostParts)
    ids.push(...(await waitingRuns(scope, asked.slice(from, from + mostParts))))
  if (ids.length === 0) return []
  const rows = await db
    .updateTable('runs')
    .set((set) => ({
      state: 'running' as const,
      epoch: set('epoch', '+', 1),
      server,
      lease_until: nowMs + leaseMs,
    }))
    .where('run_id', 'in', ids)
    .where('state', '=', 'queued')
    .returningAll()
    .execute()
  const claimed = rows.toSorted((a, b) => (a.run_id < b.run_id ? -1 : 1))
  const reading = db.selectFrom('bodies').selectAll().where('run_id', 'in', ids).execute()
  await together(
    reading,
    writeEvents(
      scope,
      claimed.map((row) => ({
        application: row.application,
        runId: row.run_id,
        type: 'claimed',
        actor: `server:${server}`,
        data: { epoch: row.epoch },
      })),
    ),
  )
  const bodyOf = new Map((await reading).map(({ run_id, body }) => [run_id, body]))
  return claimed.map((row) => {
    const body = bodyOf.get(row.run_id)
    if (body === undefined) throw new Error(`The text of run ${row.run_id} is missing`)
    return {
      run: runRecordOf(row),
      body,
      validUntilMs: row.valid_until ?? undefined,
      traceparent: row.traceparent ?? undefined,
    }
  })
}

/** One statement for all applications: two servers never wait for each other, each takes what the other did not lock. */
async function waitingRuns({ db, traits }: Scope, most: Claim['most']): Promise<readonly string[]> {
  const [first, ...others] = most.map(({ application, runs }) =>
    waitingOf(db, application, runs, traits.rowLocks),
  )
  if (first === undefined) return []
  let query = first
  for (const other of others) query = query.unionAll(other)
  return (await query.execute()).map(({ run_id }) => run_id)
}

function waitingOf(
  db: Kysely<Tables>,
  application: string,
  runs: number,
  lock: boolean,
): SelectQueryBuilder<Tables, never, { run_id: string }> {
  // in a query of its own, because neither database takes an order or a lock directly in a part of a union
  return db
    .selectFrom(
      db
        .selectFrom('runs')
        .select('run_id')
        .where('application', '=', application)
        .where('state', '=', sql.lit('queued' as const)) // for the partial index
        .orderBy('run_id')
        .limit(runs)
        .$if(lock, (query) => query.forUpdate().skipLocked())
        .as('waiting'),
    )
    .select('waiting.run_id') as unknown as SelectQueryBuilder<Tables, never, { run_id: string }>
}

/** How many runs of an application wait. */
export async function queued({ db }: Scope, application: string): Promise<number> {
  const { waiting } = await db
    .selectFrom('runs')
    .select((select) => select.fn.countAll<number>().as('waiting'))
    .where('application', '=', application)
    .where('state', '=', sql.lit('queued' as const))
    .executeTakeFirstOrThrow()
  return Number(waiting)
}
