import { fault } from '@bulkhead/contract'
import { type Kysely, sql } from 'kysely'
import { migrationsOf } from '../migrations/migrations.ts'
import type { TableName, Tables } from '../tables.ts'
import { copiedTables } from './copied-tables.ts'
import type { Copy } from './read-copy.ts'

/**
 * Puts all rows of a copy into tables that are empty, in the caller's transaction.
 *
 * @returns how many, by table
 * @throws BulkheadError `repository-not-empty`, `repository-newer`, `backup-unreadable`
 */
export async function putCopy(
  db: Kysely<Tables>,
  { migrations, rows }: Copy,
): Promise<Readonly<Record<string, number>>> {
  const known = migrationsOf({ bigInteger: 'integer', counter: 'autoincrement', after: {} })
  const unknown = migrations.filter((name) => !(name in known))
  if (unknown.length > 0)
    throw fault(
      'repository-newer',
      `The backup is of a later version of Bulkhead, which added ${unknown.join(', ')}`,
    )
  for (const { table } of copiedTables)
    if ((await db.selectFrom(table).select(sql.lit(1).as('one')).limit(1).execute()).length > 0)
      throw fault('repository-not-empty', `The repository has rows in "${table}" already`)
  const counts = Object.fromEntries(copiedTables.map(({ table }) => [table, 0]))
  for await (const { table, row } of rows) {
    if (counts[table] === undefined)
      throw fault(
        'backup-unreadable',
        `The backup has rows of a table "${table.slice(0, 60)}", which is unknown`,
      )
    await db
      .insertInto(table as TableName)
      .values(row as never)
      .execute()
    counts[table] += 1
  }
  return counts
}
