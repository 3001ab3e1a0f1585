import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Why epochs ended without an outcome, as far as it matters to the next one. */
export function lostEpochs(): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const name of ['deaths', 'handovers'])
        await db.schema
          .alterTable('runs')
          .addColumn(name, 'integer', (column) => column.notNull().defaultTo(0))
          .execute()
    },
  }
}
