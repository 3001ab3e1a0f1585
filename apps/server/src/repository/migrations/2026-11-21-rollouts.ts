import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Which build of the runner an application is on, and which one had a run. */
export function rollouts(): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const [table, column] of [
        ['applications', 'engine'],
        ['applications', 'engine_aside'],
        ['runs', 'engine'],
      ] as const)
        await db.schema.alterTable(table).addColumn(column, 'text').execute()
    },
  }
}
