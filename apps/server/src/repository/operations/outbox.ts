import { type SelectQueryBuilder, sql } from 'kysely'
import type { Scope } from '../operation.ts'
import type { OutboxDepth, OutboxMessage, OutboxState, Page } from '../repository.ts'
import type { Tables } from '../tables.ts'
import { pageOf } from './page.ts'
import { messageOf } from './rows.ts'
import { writeEvents } from './write-event.ts'

interface TakenMessages {
  readonly server: string
  readonly most: number
  readonly leaseMs: number
  readonly except?: readonly string[]
}

/** Places that are looked at in one call; a part of a union each. */
const mostPlaces = 200

/**
 * Takes messages that are due and moves their time on by the lease: who does not say that they were sent loses them.
 * Every destination gets its turn, so that a flood for one of them makes no other wait (I7).
 */
export async function takeMessages(
  scope: Scope,
  { most, leaseMs, except }: TakenMessages,
): Promise<OutboxMessage[]> {
  const { db, nowMs, traits } = scope
  const candidates = await dueMessages(scope, most, new Set(except))
  const locked: number[] = []
  // in pieces of what is missing, because another server may have some of them
  for (let from = 0; from < candidates.length && locked.length < most;) {
    const piece = candidates.slice(from, from + most - locked.length)
    from += piece.length
    locked.push(...(traits.rowLocks ? await lockedMessages(scope, piece) : piece))
  }
  if (locked.length === 0) return []
  const taken = await db
    .updateTable('outbox')
    .set({ due_at: nowMs + leaseMs })
    .where('position', 'in', locked)
    .returningAll()
    .execute()
  return taken.toSorted((a, b) => a.position - b.position).map(messageOf)
}

async function lockedMessages(
  { db, nowMs }: Scope,
  positions: readonly number[],
): Promise<readonly number[]> {
  const rows = await db
    .selectFrom('outbox')
    .select('position')
    .where('position', 'in', [...positions])
    .where('state', '=', sql.lit('due' as const))
    .where('due_at', '<=', nowMs)
    .orderBy('position')
    .forUpdate()
    .skipLocked()
    .execute()
  return rows.map(({ position }) => position)
}

/** Positions, of each destination in its order, of all in turns; twice as many as asked for, as another may have some. */
async function dueMessages(
  scope: Scope,
  most: number,
  except: ReadonlySet<string>,
): Promise<readonly number[]> {
  const { db, nowMs } = scope
  const places = (await placesWithDueMessages(scope)).filter((place) => !except.has(place))
  const [first, ...others] = places.slice(0, mostPlaces).map(
    (place) =>
      db
        .selectFrom(
          db
            .selectFrom('outbox')
            .select(['position', 'place'])
            .where('state', '=', sql.lit('due' as const))
            .where('place', '=', place)
            .where('due_at', '<=', nowMs)
            .orderBy('due_at')
            .orderBy('position')
            .limit(most * 2)
            .as('of_place'),
        )
        .select(['of_place.position', 'of_place.place']) as unknown as SelectQueryBuilder<
        Tables,
        never,
        { position: number; place: string }
      >,
  )
  if (first === undefined) return []
  let query = first
  for (const other of others) query = query.unionAll(other)
  const queues = [...Map.groupBy(await query.execute(), ({ place }) => place).values()]
  return inTurns(queues, most * 2).map(({ position }) => position)
}

/** Looks once for each destination, however many messages each of them has. */
async function placesWithDueMessages({ db }: Scope): Promise<readonly string[]> {
  const { rows } = await sql<{ place: string }>`
    WITH RECURSIVE places(place) AS (
      SELECT min(place) FROM outbox WHERE state = 'due'
      UNION ALL
      SELECT (SELECT min(o.place) FROM outbox o WHERE o.state = 'due' AND o.place > places.place)
      FROM places WHERE places.place IS NOT NULL
    )
    SELECT place FROM places WHERE place IS NOT NULL`.execute(db)
  return rows.map(({ place }) => place)
}

function inTurns<T>(queues: readonly (readonly T[])[], most: number): readonly T[] {
  const taken: T[] = []
  const longest = Math.max(0, ...queues.map((queue) => queue.length))
  for (let turn = 0; turn < longest && taken.length < most; turn++)
    for (const queue of queues) {
      const item = queue[turn]
      if (item !== undefined) taken.push(item)
    }
  return taken.slice(0, most)
}

export async function messagesSent(scope: Scope, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const { db, nowMs } = scope
  const sent = await db
    .updateTable('outbox')
    .set({ state: 'sent', sent_at: nowMs, last_error: null })
    .where('id', 'in', [...ids])
    .where('state', '=', 'due')
    .returning(['run_id', 'application', 'destination', 'message'])
    .execute()
  await writeEvents(
    scope,
    sent.map(({ run_id, application, destination, message }) => ({
      application,
      runId: run_id,
      type: 'message-sent',
      actor: 'server',
      data: { message, destination },
    })),
  )
}

export async function messageFailed(
  scope: Scope,
  failure: {
    readonly id: string
    readonly error: string
    readonly retryAt: number
    readonly givenUp: boolean
  },
): Promise<void> {
  const { db } = scope
  const { id, error, retryAt, givenUp } = failure
  const failed = await db
    .updateTable('outbox')
    .set((set) => ({
      state: givenUp ? ('failed' as const) : ('due' as const),
      tries: set('tries', '+', 1),
      due_at: retryAt,
      last_error: error,
    }))
    .where('id', '=', id)
    .where('state', '=', 'due')
    .returning(['run_id', 'application', 'destination', 'message', 'tries'])
    .executeTakeFirst()
  if (failed === undefined || !givenUp) return
  await writeEvents(scope, [
    {
      application: failed.application,
      runId: failed.run_id,
      type: 'message-given-up',
      actor: 'server',
      data: { message: failed.message, destination: failed.destination, tries: failed.tries, error },
    },
  ])
}

/** In the order in which they were written. */
export async function messages(
  { db }: Scope,
  query: {
    readonly runId?: string
    readonly application?: string
    readonly state?: OutboxState
    readonly after?: string
    readonly most: number
  },
): Promise<Page<OutboxMessage>> {
  const { runId, application, state, after, most } = query
  const rows = await db
    .selectFrom('outbox')
    .selectAll()
    .$if(runId !== undefined, (select) => select.where('run_id', '=', runId ?? ''))
    .$if(application !== undefined, (select) => select.where('application', '=', application ?? ''))
    .$if(state !== undefined, (select) => select.where('state', '=', state ?? 'due'))
    .where('position', '>', Number(after ?? 0))
    .orderBy('position')
    .limit(most + 1)
    .execute()
  const page = pageOf(rows, most, ({ position }) => String(position))
  return { items: page.items.map(messageOf), next: page.next }
}

/** How much is not delivered. */
export async function outbox({ db }: Scope): Promise<OutboxDepth[]> {
  const rows = await db
    .selectFrom('outbox')
    .select((select) => [
      'state',
      select.fn.countAll<number>().as('messages'),
      select.fn.min('written_at').as('oldest'),
    ])
    .where('state', 'in', ['due', 'failed'])
    .groupBy('state')
    .execute()
  return (['due', 'failed'] as const).map((state) => {
    const row = rows.find((each) => each.state === state)
    return { state, messages: row?.messages ?? 0, oldestAtMs: row?.oldest }
  })
}
