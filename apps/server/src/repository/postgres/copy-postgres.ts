import type { Kysely } from 'kysely'
import pg, { type ClientConfig } from 'pg'
import { copiedTables } from '../copy/copied-tables.ts'
import { writeCopy } from '../copy/write-copy.ts'
import type { Tables } from '../tables.ts'
import { openingFault, postgresFault } from './postgres-fault.ts'
import { prepareDatabase } from './prepare-database.ts'
import { databaseOf } from './transaction.ts'

/** Of this cluster only. */
const ownColumns: ReadonlySet<string> = new Set(['written_by'])

/** Writes all rows as they are at one moment; nobody waits for it. */
export async function backUpPostgres(settings: ClientConfig, schema: string, path: string): Promise<void> {
  await withClient(settings, schema, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await writeCopy(databaseOf(client), path, ownColumns)
    await client.query('COMMIT')
  }).catch((error: unknown) => {
    throw postgresFault(error)
  })
}

/** @param put  fills the tables; all of it in one transaction */
export async function restorePostgres<T>(
  settings: ClientConfig,
  schema: string,
  put: (db: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  await prepareDatabase(settings, schema)
  return await withClient(settings, schema, async (client) => {
    await client.query('BEGIN')
    const result = await put(databaseOf(client))
    for (const { table, counter } of copiedTables)
      if (counter !== undefined)
        await client.query(
          `SELECT setval(pg_get_serial_sequence('${table}', '${counter}'), (SELECT coalesce(max(${counter}), 0) + 1 FROM ${table}), false)`,
        )
    await client.query('COMMIT')
    return result
  }).catch((error: unknown) => {
    throw openingFault(error)
  })
}

async function withClient<T>(
  settings: ClientConfig,
  schema: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(settings)
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(`SET search_path TO ${pg.escapeIdentifier(schema)}`)
    return await work(client)
  } finally {
    // an open transaction is undone by it
    await client.end().catch(() => undefined)
  }
}
