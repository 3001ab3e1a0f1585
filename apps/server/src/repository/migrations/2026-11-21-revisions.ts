import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { ColumnTypes } from './migrations.ts'

/** Revisions of applications, which were files of one server before. */
export function revisions(types: ColumnTypes): Migration {
  return {
    async up(db: Kysely<unknown>) {
      const big = types.bigInteger
      await db.schema
        .createTable('applications')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('number', 'integer', (column) => column.notNull())
        .addColumn('previous', 'integer')
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('origin', 'text', (column) => column.notNull())
        .addColumn('changed_at', big, (column) => column.notNull())
        .addColumn('aside', 'text')
        .execute()
      await db.schema
        .createTable('revisions')
        .addColumn('application', 'text', (column) => column.notNull())
        .addColumn('number', 'integer', (column) => column.notNull())
        .addColumn('digest', 'text', (column) => column.notNull())
        .addColumn('origin', 'text', (column) => column.notNull())
        .addColumn('actor', 'text', (column) => column.notNull())
        .addColumn('accepted_at', big, (column) => column.notNull())
        .addColumn('retired_at', big)
        .addColumn('worked_at', big)
        .addColumn('fault', 'text')
        .addColumn('bundle', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('revisions_key', ['application', 'number'])
        .addUniqueConstraint('revisions_by_digest', ['application', 'digest'])
        .execute()
      await db.schema.createIndex('revisions_by_end').on('revisions').column('retired_at').execute()
    },
  }
}
