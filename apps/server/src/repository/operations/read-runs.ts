import type { Scope } from '../operation.ts'
import type { EventQuery, Page, RepositoryEvent, RunQuery, RunRecord } from '../repository.ts'
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
  const items = rows.map((row) => ({
    sequence: row.sequence,
    atMs: row.at,
    application: row.application ?? undefined,
    runId: row.run_id ?? undefined,
    type: row.type,
    actor: row.actor,
    data: JSON.parse(row.data) as RepositoryEvent['data'],
  }))
  return pageOf(items, most, ({ sequence }) => String(sequence))
}
