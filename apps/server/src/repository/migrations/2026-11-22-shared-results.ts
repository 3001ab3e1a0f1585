import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { ColumnTypes } from './migrations.ts'

/** Identical requests that share a result. */
export function sharedResults({ bigInteger }: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const [name, type] of [
        ['reuse_key', 'text'],
        ['reuse_ms', bigInteger],
        ['waits_for', 'text'],
        ['reused_from', 'text'],
      ] as const)
        await db.schema.alterTable('runs').addColumn(name, type).execute()
      // few runs share anything
      for (const column of ['waits_for', 'reused_from'])
        await db.schema
          .createIndex(`runs_by_${column}`)
          .on('runs')
          .column(column)
          .where(sql.ref(column), 'is not', null)
          .execute()
      await db.schema
        .createTable('shared_results')
        .addColumn('key', 'text', (column) => column.primaryKey())
        .addColumn('run_id', 'text', (column) => column.notNull())
        .execute()
      await db.schema.createIndex('shared_results_by_run').on('shared_results').column('run_id').execute()
    },
  }
}
