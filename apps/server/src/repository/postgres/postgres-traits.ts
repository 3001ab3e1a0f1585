import { type Dialect, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely'
import type { CustomTypesConfig } from 'pg'
import pg from 'pg'
import type { DialectParts } from '../fixed-connection.ts'
import type { ColumnTypes } from '../migrations/migrations.ts'
import type { Traits } from '../operation.ts'

/**
 * What is PostgreSQL's own. Others write at the same time, so rows are locked before they are judged; and numbers are
 * given before commits, so that an event with a higher number may be seen before one with a lower: who reads the
 * history in a row goes no further than the oldest transaction that is still under way. Those of other databases of
 * the server are no concern of it: a long import beside it would stop the history otherwise. A transaction that is
 * not known to be another database's counts; who may not see the activity of others waits for theirs too.
 */
export const postgresTraits: Traits = {
  rowLocks: true,
  budgetLock: sql<boolean>`pg_try_advisory_xact_lock(hashtext('bulkhead budgets of ' || current_schema()))`,
  settledEvents: sql<boolean>`written_by < COALESCE(
    (SELECT under_way FROM pg_snapshot_xip(pg_current_snapshot()) AS under_way
     WHERE NOT EXISTS (
       SELECT FROM pg_stat_activity AS session
       WHERE session.backend_xid::text = (under_way::text::numeric % 4294967296)::text
         AND session.datname <> current_database())
     ORDER BY under_way LIMIT 1),
    pg_snapshot_xmax(pg_current_snapshot()))`,
}

export const postgresColumns: ColumnTypes = {
  bigInteger: 'bigint',
  counter: 'identity',
  after: {
    '2026-11-21-first-tables': [
      'ALTER TABLE events ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id()',
    ],
  },
}

export const postgresDialect: DialectParts = {
  createAdapter: () => new PostgresAdapter(),
  createQueryCompiler: () => new PostgresQueryCompiler(),
  createIntrospector: (db: Parameters<Dialect['createIntrospector']>[0]) => new PostgresIntrospector(db),
}

/** @see https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const bigintOid = 20
const numericOid = 1700

/** Times, sizes and counts are below 2^53; `pg` gives them as texts. */
export const postgresTypes: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === bigintOid || oid === numericOid
      ? Number
      : pg.types.getTypeParser(oid, format as 'text')) as CustomTypesConfig['getTypeParser'],
}
