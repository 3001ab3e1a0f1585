import type { Scope } from '../operation.ts'
import type { RunRow } from './rows.ts'

/** A run that nobody else changes until the transaction is over. */
export async function lockedRun({ db, traits }: Scope, runId: string): Promise<RunRow | undefined> {
  return await db
    .selectFrom('runs')
    .selectAll()
    .where('run_id', '=', runId)
    .$if(traits.rowLocks, (query) => query.forUpdate())
    .executeTakeFirst()
}

/** Several, in the order of their ids, so that two callers never wait for each other. */
export async function lockedRuns(
  { db, traits }: Scope,
  runIds: readonly string[],
): Promise<ReadonlyMap<string, RunRow>> {
  if (runIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('runs')
    .selectAll()
    .where('run_id', 'in', [...runIds])
    .orderBy('run_id')
    .$if(traits.rowLocks, (query) => query.forUpdate())
    .execute()
  return new Map(rows.map((row) => [row.run_id, row]))
}
