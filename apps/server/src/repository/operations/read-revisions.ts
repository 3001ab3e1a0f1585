import type { Scope } from '../operation.ts'
import type { Page } from '../repository.ts'
import type { ApplicationHead, EngineFault, RevisionFault, RevisionRecord } from '../revision-keeping.ts'
import { fromJson } from './rows.ts'

export async function applicationHeads({ db }: Scope): Promise<ApplicationHead[]> {
  const rows = await db
    .selectFrom('applications')
    .innerJoin('revisions', (join) =>
      join
        .onRef('revisions.application', '=', 'applications.name')
        .onRef('revisions.number', '=', 'applications.number'),
    )
    .select(['name', 'applications.number', 'digest', 'state', 'applications.origin', 'changed_at', 'aside'])
    .select(['engine', 'engine_aside'])
    .orderBy('name')
    .execute()
  return rows.map((row) => ({
    application: row.name,
    number: row.number,
    digest: row.digest,
    state: row.state,
    origin: row.origin,
    changedAtMs: row.changed_at,
    aside: fromJson<RevisionFault>(row.aside),
    engine: row.engine ?? undefined,
    engineAside: fromJson<EngineFault>(row.engine_aside),
  }))
}

export async function revisions(
  { db }: Scope,
  query: { readonly application: string; readonly before?: number; readonly most: number },
): Promise<Page<RevisionRecord>> {
  const { application, before, most } = query
  const head = await db
    .selectFrom('applications')
    .select(['number', 'state'])
    .where('name', '=', application)
    .executeTakeFirst()
  const rows = await db
    .selectFrom('revisions')
    .select(['number', 'digest', 'origin', 'actor', 'accepted_at', 'fault'])
    .where('application', '=', application)
    .$if(before !== undefined, (narrowed) => narrowed.where('number', '<', before ?? 0))
    .orderBy('number', 'desc')
    .limit(most + 1)
    .execute()
  const items = rows.slice(0, most).map((row) => ({
    application,
    number: row.number,
    digest: row.digest,
    origin: row.origin,
    actor: row.actor,
    acceptedAtMs: row.accepted_at,
    isCurrent: head?.state === 'serving' && head.number === row.number,
    fault: row.fault === null ? undefined : (JSON.parse(row.fault) as RevisionRecord['fault']),
  }))
  return { items, next: rows.length > most ? String(items.at(-1)?.number) : undefined }
}

export async function revisionBundle(
  { db }: Scope,
  { application, digest }: { readonly application: string; readonly digest: string },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('revisions')
    .select('bundle')
    .where('application', '=', application)
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row?.bundle
}
