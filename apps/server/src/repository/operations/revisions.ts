import { reach } from '@bulkhead/engine/observe/moments'
import type { Scope } from '../operation.ts'
import type { Actor } from '../repository.ts'
import type {
  ApplicationHead,
  ChangeResult,
  NewChange,
  NewRevision,
  RevisionApplied,
  RevisionAside,
  RevisionFault,
  SetAsideResult,
  WantedRevision,
} from '../revision-keeping.ts'
import {
  type ApplicationRow,
  changeOver,
  digestOf,
  endServing,
  isStale,
  keepRevision,
  lockedApplication,
  setCurrent,
} from './current-revision.ts'
import { writeEvents } from './write-event.ts'

export async function applyRevision(scope: Scope, revision: NewRevision): Promise<RevisionApplied> {
  const locked = await lockedApplication(scope, revision.application, revision.origin)
  const current = await digestOf(scope, locked)
  if (isStale(revision.expected, current, locked)) return { is: 'stale', current }
  return await keepRevision(scope, locked, revision)
}

/** Several applications at once: all that is asked, or nothing. */
export async function applyChange(
  scope: Scope,
  { revisions, removals, actor }: NewChange,
): Promise<ChangeResult> {
  const expected = new Map(
    [...revisions, ...removals].map(({ application, expected: digest }) => [application, digest]),
  )
  const locked = new Map<string, ApplicationRow>()
  // in their order, so that two changes wait for each other
  for (const application of [...expected.keys()].toSorted()) {
    const row = await lockedApplication(scope, application, 'api')
    if (isStale(expected.get(application), await digestOf(scope, row), row))
      return { is: 'stale', application }
    locked.set(application, row)
  }
  const applied: Extract<RevisionApplied, { readonly head: ApplicationHead }>[] = []
  for (const revision of revisions) {
    const row = locked.get(revision.application)
    if (row === undefined) continue
    applied.push(await keepRevision(scope, row, revision))
    reach('within-change')
  }
  const removed: string[] = []
  for (const { application } of removals)
    if ((await endServing(scope, application, actor)) !== undefined) removed.push(application)
  return { is: 'applied', applied, removed }
}

export async function makeRevisionCurrent(scope: Scope, wanted: WantedRevision): Promise<RevisionApplied> {
  const { application, number, actor, expected, changed } = wanted
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
  return await setCurrent(scope, locked, { number, digest: found.digest, origin: 'api', actor, changed })
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
  return (await endServing(scope, application, actor)) !== undefined
}
