import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { ColumnTypes } from './migrations.ts'

/** When results are to be removed from their stores. Of those that were stored before, the store's own rule decides. */
export function storedResults({ bigInteger }: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('runs').addColumn('result_until', bigInteger).execute()
      await db.schema
        .createIndex('runs_by_result')
        .on('runs')
        .columns(['application', 'result_until'])
        .where(sql.ref('result_until'), 'is not', null)
        .execute()
    },
  }
}
