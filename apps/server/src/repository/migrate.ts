import { fault } from '@bulkhead/contract'
import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { type ColumnTypes, migrationsOf } from './migrations/migrations.ts'

const names = { migrationTableName: 'migrations', migrationLockTableName: 'migrations_lock' } as const

/**
 * Brings the tables to where this program knows them.
 *
 * @param schema  where the table of migrations is, for databases that have schemas
 * @throws BulkheadError `repository-newer` when a later version of the program wrote there
 */
export async function migrate<T>(db: Kysely<T>, types: ColumnTypes, schema?: string): Promise<void> {
  const known = migrationsOf(types)
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...known }) },
    ...names,
    ...(schema !== undefined && { migrationTableSchema: schema }),
  })
  const unknown = (await doneMigrations(db, schema)).filter((name) => !(name in known))
  if (unknown.length > 0) throw newer(unknown)
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}

/** None when the tables are not there yet. */
async function doneMigrations<T>(db: Kysely<T>, schema: string | undefined): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  const there = tables.some(
    (table) => table.name === names.migrationTableName && (schema === undefined || table.schema === schema),
  )
  if (!there) return []
  const rows = await (db as unknown as Kysely<{ migrations: { name: string } }>)
    .selectFrom(names.migrationTableName)
    .select('name')
    .orderBy('name')
    .execute()
  return rows.map(({ name }) => name)
}

function newer(unknown: readonly string[]): Error {
  return fault(
    'repository-newer',
    `The repository has been changed by a later version of Bulkhead, which added ${unknown.join(', ')}`,
  )
}
