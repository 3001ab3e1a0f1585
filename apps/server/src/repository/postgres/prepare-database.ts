import { fault } from '@bulkhead/contract'
import pg, { type ClientConfig } from 'pg'
import { migrate } from '../migrate.ts'
import { openingFault } from './postgres-fault.ts'
import { postgresColumns } from './postgres-traits.ts'
import { databaseOf } from './transaction.ts'

/** The first version that can tell whether a transaction was committed, and keep its id in a column. */
const oldestVersion = 13

/**
 * Makes the schema where it is missing, and brings its tables up to date; servers that start together wait for each other.
 *
 * @throws BulkheadError `repository-newer`, `repository-unusable`, `repository-unavailable`
 */
export async function prepareDatabase(settings: ClientConfig, schema: string): Promise<void> {
  const client = new pg.Client(settings)
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ version: number }>(
      `SELECT current_setting('server_version_num')::int / 10000 AS version`,
    )
    const version = rows[0]?.version ?? 0
    if (version < oldestVersion)
      throw fault('repository-unusable', `PostgreSQL ${version} is older than ${oldestVersion}`, {
        fix: `Use PostgreSQL ${oldestVersion} or later`,
      })
    await client.query(`SET search_path TO ${pg.escapeIdentifier(schema)}`)
    await migrate(databaseOf(client), postgresColumns, schema)
    await letEventsBeSeen(client)
  } catch (error) {
    throw openingFault(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Rows that were copied from another cluster bring its transaction ids, which may be in the future here. */
async function letEventsBeSeen(client: pg.Client): Promise<void> {
  const ahead = `written_by >= pg_snapshot_xmax(pg_current_snapshot())`
  const { rows } = await client.query<{ ahead: boolean }>(
    `SELECT ${ahead} AS ahead FROM events ORDER BY sequence DESC LIMIT 1`,
  )
  if (rows[0]?.ahead === true) await client.query(`UPDATE events SET written_by = '1'::xid8 WHERE ${ahead}`)
}
