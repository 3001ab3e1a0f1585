import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { ColumnTypes } from './migrations.ts'

/** What waiting runs wait for, and how long. */
export function waitingLanes(types: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>) {
      const big = types.bigInteger
      await db.schema
        .alterTable('runs')
        .addColumn('lane', 'text', (column) => column.notNull().defaultTo(''))
        .execute()
      await db.schema.alterTable('runs').addColumn('queued_at', big).execute()
      await db.schema
        .alterTable('runs')
        .addColumn('waited', big, (column) => column.notNull().defaultTo(0))
        .execute()
      await db.schema.dropIndex('runs_queued').execute()
      await db.schema
        .createIndex('runs_waiting')
        .on('runs')
        .columns(['application', 'lane', 'run_id'])
        .where(sql.ref('state'), '=', sql.lit('queued'))
        .execute()
    },
  }
}
