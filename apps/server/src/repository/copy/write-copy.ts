import { open, rename, rm } from 'node:fs/promises'
import { type Kysely, sql } from 'kysely'
import type { Tables } from '../tables.ts'
import { type CopiedTable, copiedTables } from './copied-tables.ts'

/** First line of a copy: what it is, and which steps its tables have been through. */
export interface CopyHead {
  readonly bulkheadRepository: 1
  readonly migrations: readonly string[]
}

/** Last line: a copy without it was cut. */
export interface CopyEnd {
  readonly end: true
  readonly rows: number
}

export interface CopyRow {
  readonly table: string
  readonly row: Readonly<Record<string, unknown>>
}

/**
 * Writes all rows as JSON Lines: the copy that any repository takes, whichever its database. It appears whole, or not at all.
 *
 * @param db        sees one moment only
 * @param ownColumns  of this database alone, which are left out
 */
export async function writeCopy(
  db: Kysely<Tables>,
  path: string,
  ownColumns: ReadonlySet<string>,
): Promise<void> {
  const part = `${path}.part`
  const file = await open(part, 'w', 0o600)
  try {
    const write = async (value: CopyHead | CopyRow | CopyEnd): Promise<void> => {
      await file.appendFile(`${JSON.stringify(value)}\n`)
    }
    await write({ bulkheadRepository: 1, migrations: await migrationsOf(db) })
    let rows = 0
    for (const copied of copiedTables)
      for await (const piece of piecesOf(db, copied)) {
        rows += piece.length
        const lines = piece.map((row) =>
          JSON.stringify({ table: copied.table, row: withoutColumns(row, ownColumns) } satisfies CopyRow),
        )
        await file.appendFile(`${lines.join('\n')}\n`)
      }
    await write({ end: true, rows })
    await file.sync()
    await file.close()
    await rename(part, path)
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(part, { force: true })
    throw error
  }
}

async function migrationsOf(db: Kysely<Tables>): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`SELECT name FROM migrations ORDER BY name`.execute(db)
  return rows.map(({ name }) => name)
}

async function* piecesOf(
  db: Kysely<Tables>,
  { table, key, rows: most }: CopiedTable,
): AsyncGenerator<readonly Readonly<Record<string, unknown>>[]> {
  const columns = sql.join(key.map((column) => sql.ref(column)))
  let last: Readonly<Record<string, unknown>> | undefined
  do {
    const behind: Readonly<Record<string, unknown>> | undefined = last
    const after =
      behind === undefined
        ? sql``
        : sql`WHERE (${columns}) > (${sql.join(key.map((column) => behind[column]))})`
    const { rows } = await sql<
      Record<string, unknown>
    >`SELECT * FROM ${sql.table(table)} ${after} ORDER BY ${columns} LIMIT ${sql.lit(most)}`.execute(db)
    if (rows.length > 0) yield rows
    last = rows.length < most ? undefined : rows.at(-1)
  } while (last !== undefined)
}

function withoutColumns(
  row: Readonly<Record<string, unknown>>,
  columns: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !columns.has(name)))
}
