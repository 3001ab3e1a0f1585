import { setTimeout as sleep } from 'node:timers/promises'
import { type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import { type Lane, laneOf, laneText } from '../lane.ts'
import type { Scope } from '../operation.ts'
import type { Claim, Claimed } from '../claim.ts'
import type { Tables } from '../tables.ts'
import { type Candidate, divide, mostOf } from './divide.ts'
import { runRecordOf } from './rows.ts'
import { together } from './together.ts'
import { runningBySystem, waitingLanes } from './waiting.ts'
import { writeEvents } from './write-event.ts'

/** SQLite takes 500 parts of a compound query; more lanes than that are asked for in turn. */
const mostParts = 200
/** A claim of another server takes some milliseconds. */
const lockTries = 5
const lockWaitMs = 3

/** A lane of an application that this server could take runs of, and how many. */
interface WantedLane extends Lane {
  readonly application: string
  readonly runs: number
}

/** Gives waiting runs to a server, each with a new epoch (I2): see `divide` (I7). */
export async function claim(scope: Scope, asked: Claim): Promise<Claimed> {
  const { db, nowMs } = scope
  const { server, leaseMs } = asked
  const budgets = new Set(asked.systems?.map(({ system }) => system))
  const applications = asked.most.map(({ application }) => application)
  const waiting = await waitingLanes(db, applications)
  const lanes = wantedLanes(waiting, asked)
  const isBudgeted = ({ systems }: Lane): boolean => systems.some((name) => budgets.has(name))
  const isLocked = !lanes.some(isBudgeted) || (await lockBudgets(scope))
  const open = isLocked ? lanes : lanes.filter((lane) => !isBudgeted(lane))
  const candidates: Candidate[] = []
  for (let from = 0; from < open.length; from += mostParts)
    candidates.push(...(await candidatesOf(scope, open.slice(from, from + mostParts))))
  if (candidates.length === 0) return { runs: [], left: waiting.length > 0 }
  const running = candidates.some(isBudgeted) ? await runningBySystem(db) : new Map<string, number>()
  const ids = divide(
    candidates.toSorted((a, b) => (a.runId < b.runId ? -1 : 1)),
    asked,
    running,
  )
  const found = Map.groupBy(candidates, keyOf)
  const isExhausted = (lane: WantedLane): boolean => (found.get(keyOf(lane))?.length ?? 0) < lane.runs
  const left = ids.length < candidates.length || lanes.length < waiting.length || !lanes.every(isExhausted)
  if (ids.length === 0) return { runs: [], left }
  const rows = await db
    .updateTable('runs')
    .set((set) => ({
      state: 'running' as const,
      epoch: set('epoch', '+', 1),
      server,
      lease_until: nowMs + leaseMs,
      waited: sql<number>`waited + ${nowMs} - coalesce(queued_at, accepted_at)`,
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
  const runs = claimed.map((row) => {
    const body = bodyOf.get(row.run_id)
    if (body === undefined) throw new Error(`The text of run ${row.run_id} is missing`)
    return {
      run: runRecordOf(row),
      body,
      validUntilMs: row.valid_until ?? undefined,
      traceparent: row.traceparent ?? undefined,
    }
  })
  return { runs, left }
}

const keyOf = (of: Lane & { readonly application: string }): string => `${of.application} ${laneText(of)}`

function wantedLanes(
  waiting: readonly (Lane & { readonly application: string })[],
  { most }: Claim,
): readonly WantedLane[] {
  const shares = new Map(most.map((share) => [share.application, share]))
  return waiting.flatMap((lane) => {
    const share = shares.get(lane.application)
    if (share === undefined) return []
    const all = mostOf(share)
    const runs = lane.alone && share.processes !== undefined ? Math.min(all, share.processes.length) : all
    return runs > 0 ? [{ ...lane, runs }] : []
  })
}

/**
 * Who counts the runs at a system, and adds to them, does so alone. One who holds on to it is not waited for: runs
 * of other systems are given away meanwhile (I7).
 */
async function lockBudgets({ db, traits }: Scope): Promise<boolean> {
  const { budgetLock } = traits
  if (budgetLock === undefined) return true
  for (let tried = 1; ; tried++) {
    const { rows } = await sql<{ locked: boolean }>`select ${budgetLock} as locked`.execute(db)
    if (rows[0]?.locked === true || tried === lockTries) return rows[0]?.locked === true
    await sleep(lockWaitMs)
  }
}

/** One statement for all lanes: two servers never wait for each other, each takes what the other did not lock. */
async function candidatesOf(
  { db, traits }: Scope,
  lanes: readonly WantedLane[],
): Promise<readonly Candidate[]> {
  const [first, ...others] = lanes.map((lane) => oldestOf(db, lane, traits.rowLocks))
  if (first === undefined) return []
  let query = first
  for (const other of others) query = query.unionAll(other)
  const rows = await query.execute()
  return rows.map(({ run_id, application, lane }) => ({ runId: run_id, application, ...laneOf(lane) }))
}

interface CandidateRow {
  readonly run_id: string
  readonly application: string
  readonly lane: string
}

function oldestOf(
  db: Kysely<Tables>,
  lane: WantedLane,
  lock: boolean,
): SelectQueryBuilder<Tables, never, CandidateRow> {
  // in a query of its own, because neither database takes an order or a lock directly in a part of a union
  return db
    .selectFrom(
      db
        .selectFrom('runs')
        .select(['run_id', 'application', 'lane'])
        .where('application', '=', lane.application)
        .where('lane', '=', laneText(lane))
        .where('state', '=', sql.lit('queued' as const)) // for the partial index
        .where('waits_for', 'is', null)
        .orderBy('run_id')
        .limit(lane.runs)
        .$if(lock, (query) => query.forUpdate().skipLocked())
        .as('waiting'),
    )
    .selectAll() as unknown as SelectQueryBuilder<Tables, never, CandidateRow>
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
