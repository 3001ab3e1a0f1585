import type { Scope } from '../operation.ts'
import { sweepRevisions } from './sweep-revisions.ts'

export interface Kept {
  readonly requestsMs: number
  readonly runsMs: number
  readonly logsMs: number
  /** Counted from when they were replaced. */
  readonly revisionsMs: number
}

/** Most rows of a table in one transaction: a sweep holds nobody up. */
const mostAtOnce = 500

/**
 * Removes what is older than it is kept, a piece of it: who sweeps calls until nothing is removed.
 *
 * What is not over stays whatever its age, and so does the run that a request is remembered by.
 */
export async function sweep(scope: Scope, kept: Kept): Promise<Record<string, number>> {
  const { db, nowMs } = scope
  const runsBefore = nowMs - kept.runsMs
  const requests = await db
    .deleteFrom('requests')
    .where('digest', 'in', (from) =>
      from
        .selectFrom('requests')
        .innerJoin('runs', 'runs.run_id', 'requests.run_id')
        .select('requests.digest')
        .where('requests.accepted_at', '<', nowMs - kept.requestsMs)
        .where('runs.finished_at', 'is not', null)
        .limit(mostAtOnce),
    )
    .returning('digest')
    .execute()
  const runs = await db
    .deleteFrom('runs')
    .where('run_id', 'in', (from) =>
      from
        .selectFrom('runs')
        .select('runs.run_id')
        .where('finished_at', '<', runsBefore)
        // whoever removes the result needs to know of it
        .where('result_until', 'is', null)
        .where((where) =>
          where.not(
            where.exists(
              where.selectFrom('requests').select('digest').whereRef('requests.run_id', '=', 'runs.run_id'),
            ),
          ),
        )
        .limit(mostAtOnce),
    )
    .returning('run_id')
    .execute()
  const gone = runs.map(({ run_id }) => run_id)
  if (gone.length > 0) {
    await db.deleteFrom('shared_results').where('run_id', 'in', gone).execute()
    await db.deleteFrom('bodies').where('run_id', 'in', gone).execute()
    await db.deleteFrom('commands').where('run_id', 'in', gone).execute()
    await db.deleteFrom('log_segments').where('run_id', 'in', gone).execute()
  }
  const bodies = await db
    .deleteFrom('bodies')
    .where('run_id', 'in', (from) =>
      from
        .selectFrom('bodies')
        .innerJoin('runs', 'runs.run_id', 'bodies.run_id')
        .select('bodies.run_id')
        .where('runs.finished_at', '<', nowMs - kept.logsMs)
        .limit(mostAtOnce),
    )
    .returning('run_id')
    .execute()
  const messages = await db
    .deleteFrom('outbox')
    .where('position', 'in', (from) =>
      from
        .selectFrom('outbox')
        .select('position')
        .where('written_at', '<', runsBefore)
        .where('state', '<>', 'due')
        .limit(mostAtOnce),
    )
    .returning('position')
    .execute()
  const events = await db
    .deleteFrom('events')
    .where('sequence', 'in', (from) =>
      from.selectFrom('events').select('sequence').where('at', '<', runsBefore).limit(mostAtOnce),
    )
    .returning('sequence')
    .execute()
  // whole runs, so that no log loses its beginning only
  const logs = await db
    .deleteFrom('log_segments')
    .where('run_id', 'in', (from) =>
      from
        .selectFrom('log_segments')
        .innerJoin('runs', 'runs.run_id', 'log_segments.run_id')
        .select('log_segments.run_id')
        .where('log_segments.written_at', '<', nowMs - kept.logsMs)
        .where('runs.finished_at', '<', nowMs - kept.logsMs)
        .limit(mostAtOnce),
    )
    .returning('run_id')
    .execute()
  return {
    requests: requests.length,
    runs: runs.length,
    bodies: bodies.length,
    messages: messages.length,
    events: events.length,
    logs: logs.length,
    // a run that is kept may be tried again, as it was accepted
    revisions: await sweepRevisions(scope, nowMs - Math.max(kept.revisionsMs, kept.runsMs)),
  }
}
