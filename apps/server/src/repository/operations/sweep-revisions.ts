import { sql } from 'kysely'
import type { Scope } from '../operation.ts'

/** Their bundles are up to 32 MiB each. */
const mostAtOnce = 20

/**
 * Removes revisions that were replaced before `before`. Stays: what an application is at, what it would go back to,
 * and what runs that are not over were accepted with.
 */
export async function sweepRevisions({ db }: Scope, before: number): Promise<number> {
  const old = await db
    .selectFrom('revisions')
    .innerJoin('applications', 'applications.name', 'revisions.application')
    .select(['revisions.application', 'revisions.number', 'revisions.digest'])
    .where('retired_at', '<', before)
    .whereRef('revisions.number', '<>', 'applications.number')
    .where((where) =>
      where.or([
        where('applications.previous', 'is', null),
        where('revisions.number', '<>', where.ref('applications.previous')),
      ]),
    )
    .where((where) =>
      // each by the index of its state
      where.and(
        (['queued', 'running'] as const).map((state) =>
          where.not(
            where.exists(
              where
                .selectFrom('runs')
                .select('run_id')
                .whereRef('runs.application', '=', 'revisions.application')
                .whereRef('runs.revision', '=', 'revisions.digest')
                .where('runs.state', '=', sql.lit(state)),
            ),
          ),
        ),
      ),
    )
    .limit(mostAtOnce)
    .execute()
  for (const { application, number } of old)
    await db
      .deleteFrom('revisions')
      .where('application', '=', application)
      .where('number', '=', number)
      .execute()
  return old.length
}
