import type { Selectable } from 'kysely'
import type { Scope } from '../operation.ts'
import type { EventQuery, Page, RepositoryEvent, RunQuery, RunRecord } from '../repository.ts'
import type { EventTable } from '../tables.ts'
import { pageOf } from './page.ts'
import { runRecordOf } from './rows.ts'

export async function run({ db }: Scope, runId: string): Promise<RunRecord | undefined> {
  const row = await db.selectFrom('runs').selectAll().where('run_id', '=', runId).executeTakeFirst()
  return row && runRecordOf(row)
}

/** Newest first. */
export async function runs({ db }: Scope, query: RunQuery): Promise<Page<RunRecord>> {
  const { application, job, state, requestId, before, most } = query
  const rows = await db
    .selectFrom('runs')
    .selectAll()
    .$if(application !== undefined, (select) => select.where('application', '=', application ?? ''))
    .$if(job !== undefined, (select) => select.where('job', '=', job ?? ''))
    .$if(state !== undefined, (select) => select.where('state', '=', state ?? 'queued'))
    .$if(requestId !== undefined, (select) => select.where('request_id', '=', requestId ?? ''))
    .$if(before !== undefined, (select) => select.where('run_id', '<', before ?? ''))
    .orderBy('run_id', 'desc')
    .limit(most + 1)
    .execute()
  return pageOf(rows.map(runRecordOf), most, ({ runId }) => runId)
}

/** Oldest first. The history of one run is whole at once; others are told in an order that no later event disturbs. */
export async function events({ db, traits }: Scope, query: EventQuery): Promise<Page<RepositoryEvent>> {
  const { runId, application, after, most } = query
  const { settledEvents } = traits
  const rows = await db
    .selectFrom('events')
    .select(['sequence', 'at', 'application', 'run_id', 'type', 'actor', 'data'])
    .where('sequence', '>', after)
    .$if(runId !== undefined, (select) => select.where('run_id', '=', runId ?? ''))
    .$if(application !== undefined, (select) => select.where('application', '=', application ?? ''))
    .$if(runId === undefined && settledEvents !== undefined, (select) =>
      settledEvents === undefined ? select : select.where(settledEvents),
    )
    .orderBy('sequence')
    .limit(most + 1)
    .execute()
  return pageOf(rows.map(eventOf), most, ({ sequence }) => String(sequence))
}

/** What happened to an application, and not to its runs; newest first. */
export async function applicationEvents(
  { db }: Scope,
  query: { readonly application: string; readonly before?: number; readonly most: number },
): Promise<Page<RepositoryEvent>> {
  const { application, before, most } = query
  const rows = await db
    .selectFrom('events')
    .select(['sequence', 'at', 'application', 'run_id', 'type', 'actor', 'data'])
    .where('application', '=', application)
    .where('run_id', 'is', null)
    .$if(before !== undefined, (select) => select.where('sequence', '<', before ?? 0))
    .orderBy('sequence', 'desc')
    .limit(most + 1)
    .execute()
  return pageOf(rows.map(eventOf), most, ({ sequence }) => String(sequence))
}

function eventOf(row: Selectable<EventTable>): RepositoryEvent {
  return {
    sequence: row.sequence,
    atMs: row.at,
    application: row.application ?? undefined,
    runId: row.run_id ?? undefined,
    type: row.type,
    actor: row.actor,
    data: JSON.parse(row.data) as RepositoryEvent['data'],
  }
}
