import { type Dialect, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { DialectParts } from '../fixed-connection.ts'
import type { ColumnTypes } from '../migrations/migrations.ts'
import type { Traits } from '../operation.ts'

/** What is SQLite's own: one writer, who locks the whole database, and whose numbers are all of one type. */
export const sqliteTraits: Traits = {
  rowLocks: false,
  budgetLock: undefined,
  settledEvents: undefined,
}

export const sqliteColumns: ColumnTypes = { bigInteger: 'integer', counter: 'autoincrement', after: {} }

/** kysely does not rely on it for all drivers; SQLite rolls tables back like rows. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

export const sqliteDialect: DialectParts = {
  createAdapter: () => new TransactionalSqliteAdapter(),
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createIntrospector: (db: Parameters<Dialect['createIntrospector']>[0]) => new SqliteIntrospector(db),
}
