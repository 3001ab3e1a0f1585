import type { Selectable } from 'kysely'
import type { Scope } from '../operation.ts'
import type { Actor } from '../repository.ts'
import type {
  ApplicationHead,
  NewRevision,
  RevisionApplied,
  RevisionAside,
  RevisionFault,
  RevisionOrigin,
  SetAsideResult,
  WantedRevision,
} from '../revision-keeping.ts'
import type { ApplicationTable } from '../tables.ts'
import { fromJson } from './rows.ts'
import { writeEvents } from './write-event.ts'

export async function applyRevision(scope: Scope, revision: NewRevision): Promise<RevisionApplied> {
  const { db, nowMs } = scope
  const { application, digest, bundle, origin, actor } = revision
  const locked = await lockedApplication(scope, application, origin)
  const current = await digestOf(scope, locked)
  if (isStale(revision.expected, current, locked)) return { is: 'stale', current }
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
  return await setCurrent(scope, locked, { number, digest, origin, actor })
}

export async function makeRevisionCurrent(scope: Scope, wanted: WantedRevision): Promise<RevisionApplied> {
  const { application, number, actor, expected } = wanted
  const found = await scope.db
    .selectFrom('revisions')
    .select(['digest'])
    .where('application', '=', application)
    .where('number', '=', number)
    .executeTakeFirst()
  if (found === undefined) return { is: 'unknown' }
  const locked = await lockedApplication(scope, application, 'api')
  const current = await digestOf(scope, locked)
  if (isStale(expected, current, locked)) return { is: 'stale', current }
  return await setCurrent(scope, locked, { number, digest: found.digest, origin: 'api', actor })
}

export async function setRevisionAside(scope: Scope, aside: RevisionAside): Promise<SetAsideResult> {
  const { db, nowMs } = scope
  const { application, digest, code, message, actor } = aside
  const locked = await lockedApplication(scope, application, 'api')
  // another server was first, or it is not current any more
  if ((await digestOf(scope, locked)) !== digest) return 'not-current'
  const { previous, number } = locked
  // it was said before, and nothing came of it
  if (previous === null && locked.aside !== null) return 'no-other'
  const faulty = await db
    .updateTable('revisions')
    .set({ fault: JSON.stringify({ code, message }) })
    .where('application', '=', application)
    .where('number', '=', number)
    .where('worked_at', 'is', null)
    .returning('number')
    .executeTakeFirst()
  if (faulty === undefined) return 'works'
  const fault: RevisionFault = { number, digest, code, message }
  await db
    .updateTable('applications')
    .set({
      aside: JSON.stringify(fault),
      ...(previous !== null && { number: previous, previous: null, changed_at: nowMs }),
    })
    .where('name', '=', application)
    .execute()
  if (previous !== null) await changeOver(scope, application, number, previous)
  const data = { ...fault, backTo: previous }
  await writeEvents(scope, [{ application, type: 'revision-set-aside', actor, data }])
  scope.changed('applications')
  return previous === null ? 'no-other' : 'went-back'
}

export async function revisionWorks(
  { db, nowMs }: Scope,
  { application, digest }: { readonly application: string; readonly digest: string },
): Promise<void> {
  await db
    .updateTable('revisions')
    .set({ worked_at: nowMs })
    .where('application', '=', application)
    .where('digest', '=', digest)
    .where('worked_at', 'is', null)
    .execute()
}

export async function removeApplication(
  scope: Scope,
  { application, actor }: { readonly application: string; readonly actor: Actor },
): Promise<boolean> {
  const removed = await scope.db
    .updateTable('applications')
    .set({ state: 'removed', changed_at: scope.nowMs })
    .where('name', '=', application)
    .where('state', '=', 'serving')
    .returning('number')
    .executeTakeFirst()
  if (removed === undefined) return false
  await retire(scope, application, removed.number)
  await writeEvents(scope, [
    { application, type: 'application-removed', actor, data: { number: removed.number } },
  ])
  scope.changed('applications')
  return true
}

type ApplicationRow = Selectable<ApplicationTable>

/** Made when it is not there, so that two that bring its first revision wait for each other. */
async function lockedApplication(
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

async function setCurrent(
  scope: Scope,
  before: ApplicationRow,
  next: {
    readonly number: number
    readonly digest: string
    readonly origin: RevisionOrigin
    readonly actor: Actor
  },
): Promise<RevisionApplied> {
  const { db, nowMs } = scope
  const { number, digest, origin, actor } = next
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
  const data = { number, digest, origin, before: before.number === 0 ? null : before.number }
  await writeEvents(scope, [{ application: before.name, type: 'revision-applied', actor, data }])
  scope.changed('applications')
  return { is: 'applied', head }
}

/** One ends to be current, another one begins: what is not current any more is kept for so long from now on. */
async function changeOver(scope: Scope, application: string, from: number, to: number): Promise<void> {
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

async function digestOf({ db }: Scope, { name, number, state }: ApplicationRow): Promise<string | undefined> {
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

function isStale(
  expected: string | null | undefined,
  current: string | undefined,
  { number }: ApplicationRow,
): boolean {
  if (expected === undefined) return false
  return expected === null ? number > 0 && current !== undefined : current !== expected
}
