import type { Selectable } from 'kysely'
import type { Scope } from '../operation.ts'
import type { Actor } from '../repository.ts'
import type { ApplicationHead, NewRevision, RevisionApplied, RevisionOrigin } from '../revision-keeping.ts'
import type { ApplicationTable } from '../tables.ts'
import { fromJson } from './rows.ts'
import { writeEvents } from './write-event.ts'

export type ApplicationRow = Selectable<ApplicationTable>
type AppliedRevision = Extract<RevisionApplied, { readonly head: ApplicationHead }>

/** Made when it is not there, so that two that bring its first revision wait for each other. */
export async function lockedApplication(
  { db, nowMs, traits }: Scope,
  name: string,
  origin: RevisionOrigin,
): Promise<ApplicationRow> {
  await db
    .insertInto('applications')
    .values({
      name,
      number: 0,
      previous: null,
      state: 'removed',
      origin,
      changed_at: nowMs,
      engine: null,
      engine_aside: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return await db
    .selectFrom('applications')
    .selectAll()
    .where('name', '=', name)
    .$if(traits.rowLocks, (query) => query.forUpdate())
    .executeTakeFirstOrThrow()
}

export async function setCurrent(
  scope: Scope,
  before: ApplicationRow,
  next: Pick<NewRevision, 'digest' | 'origin' | 'actor' | 'changed'> & { readonly number: number },
): Promise<AppliedRevision> {
  const { db, nowMs } = scope
  const { number, digest, origin, actor, changed } = next
  const head: ApplicationHead = {
    application: before.name,
    number,
    digest,
    state: 'serving',
    origin,
    changedAtMs: nowMs,
    aside: undefined,
    engine: before.engine ?? undefined,
    engineAside: fromJson(before.engine_aside),
  }
  const isUnchanged = before.number === number && before.state === 'serving'
  if (isUnchanged && before.origin === origin)
    return { is: 'unchanged', head: { ...head, changedAtMs: before.changed_at } }
  await db
    .updateTable('applications')
    .set({
      number,
      state: 'serving',
      origin,
      changed_at: nowMs,
      aside: null,
      ...(before.number !== number && { previous: await lastGood(scope, before) }),
    })
    .where('name', '=', before.name)
    .execute()
  await changeOver(scope, before.name, before.number, number)
  // somebody wants it again, after it was set aside: it gets another chance
  await db
    .updateTable('revisions')
    .set({ fault: null })
    .where('application', '=', before.name)
    .where('number', '=', number)
    .execute()
  if (isUnchanged) return { is: 'unchanged', head }
  const data = {
    number,
    digest,
    origin,
    before: before.number === 0 ? null : before.number,
    ...(changed !== undefined && { changed }),
  }
  await writeEvents(scope, [{ application: before.name, type: 'revision-applied', actor, data }])
  scope.changed('applications')
  return { is: 'applied', head }
}

/** One ends to be current, another one begins: what is not current any more is kept for so long from now on. */
export async function changeOver(scope: Scope, application: string, from: number, to: number): Promise<void> {
  if (from !== to) await retire(scope, application, from)
  await scope.db
    .updateTable('revisions')
    .set({ retired_at: null })
    .where('application', '=', application)
    .where('number', '=', to)
    .execute()
}

async function retire({ db, nowMs }: Scope, application: string, number: number): Promise<void> {
  await db
    .updateTable('revisions')
    .set({ retired_at: nowMs })
    .where('application', '=', application)
    .where('number', '=', number)
    .where('retired_at', 'is', null)
    .execute()
}

/** What is gone back to: the current revision, unless it is one that does not work itself. */
async function lastGood({ db }: Scope, { name, number, previous }: ApplicationRow): Promise<number | null> {
  const current = await db
    .selectFrom('revisions')
    .select('fault')
    .where('application', '=', name)
    .where('number', '=', number)
    .executeTakeFirst()
  return current !== undefined && current.fault === null ? number : previous
}

export async function digestOf(
  { db }: Scope,
  { name, number, state }: ApplicationRow,
): Promise<string | undefined> {
  if (state === 'removed') return undefined
  const row = await db
    .selectFrom('revisions')
    .select('digest')
    .where('application', '=', name)
    .where('number', '=', number)
    .executeTakeFirst()
  return row?.digest
}

async function lastNumber({ db }: Scope, application: string): Promise<number> {
  const row = await db
    .selectFrom('revisions')
    .select('number')
    .where('application', '=', application)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.number ?? 0
}

export function isStale(
  expected: string | null | undefined,
  current: string | undefined,
  { number }: ApplicationRow,
): boolean {
  if (expected === undefined) return false
  return expected === null ? number > 0 && current !== undefined : current !== expected
}

/** Keeps a revision, if it is not kept already, and makes it current. @param locked  its application */
export async function keepRevision(
  scope: Scope,
  locked: ApplicationRow,
  { application, digest, bundle, origin, actor, changed }: NewRevision,
): Promise<AppliedRevision> {
  const { db, nowMs } = scope
  const known = await db
    .selectFrom('revisions')
    .select('number')
    .where('application', '=', application)
    .where('digest', '=', digest)
    .executeTakeFirst()
  const number = known?.number ?? (await lastNumber(scope, application)) + 1
  if (known === undefined)
    await db
      .insertInto('revisions')
      .values({
        application,
        number,
        digest,
        origin,
        actor,
        accepted_at: nowMs,
        retired_at: null,
        worked_at: null,
        fault: null,
        bundle,
      })
      .execute()
  return await setCurrent(scope, locked, { number, digest, origin, actor, changed })
}

/** It takes no more requests. @returns undefined when it is not served */
export async function endServing(
  scope: Scope,
  application: string,
  actor: Actor,
): Promise<{ readonly number: number } | undefined> {
  const removed = await scope.db
    .updateTable('applications')
    .set({ state: 'removed', changed_at: scope.nowMs })
    .where('name', '=', application)
    .where('state', '=', 'serving')
    .returning('number')
    .executeTakeFirst()
  if (removed === undefined) return undefined
  const { number } = removed
  const { digest } = await scope.db
    .selectFrom('revisions')
    .select('digest')
    .where('application', '=', application)
    .where('number', '=', number)
    .executeTakeFirstOrThrow()
  await retire(scope, application, number)
  await writeEvents(scope, [{ application, type: 'application-removed', actor, data: { number, digest } }])
  scope.changed('applications')
  return { number }
}
