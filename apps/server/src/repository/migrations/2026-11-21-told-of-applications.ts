import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What happened to an application is little beside what happened to its runs. */
export function toldOfApplications(): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createIndex('events_of_applications')
        .on('events')
        .columns(['application', 'sequence'])
        .where(sql.ref('run_id'), 'is', null)
        .execute()
    },
  }
}
