import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import type { Config } from '../config.ts'
import { fromDuckdb } from '../duckdb-error.ts'
import { quote, quoteName, readerOf, type Table } from '../files/table.ts'

/** A table with the files that it reads. */
export interface TableFiles {
  readonly table: Table
  readonly paths: readonly string[]
}

/** A database in memory that belongs to one read: its limits, its tables, and nothing else of the machine. */
export interface Database {
  readonly connection: DuckDBConnection
  /** Waits until no call is under way; interrupt first. */
  close(): void
}

/**
 * Opens a database, makes its tables, and locks it: from then on no SQL can read or write any file but those of the
 * tables, reach the network, load code, or change a setting.
 * @param spillFolder  folder for what does not fit in memory; SQL could read what spilled there, and nobody else's
 */
export async function openDatabase(
  config: Config,
  tables: readonly TableFiles[],
  spillFolder: string | undefined,
): Promise<Database> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: config.memoryLimit,
    threads: String(config.threads),
    temp_directory: spillFolder ?? '',
    max_temp_directory_size: config.spillLimit,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
  })
  const connection = await instance.connect()
  const close = () => {
    connection.disconnectSync()
    instance.closeSync()
  }
  try {
    // Text of instants must not depend on where the machine stands.
    await connection.run("SET TimeZone = 'UTC'")
    for (const { table, paths } of tables) await makeTable(connection, table, paths)
    await lock(
      connection,
      tables.flatMap(({ paths }) => paths),
    )
  } catch (error) {
    close()
    throw error
  }
  return { connection, close }
}

async function makeTable(
  connection: DuckDBConnection,
  table: Table,
  paths: readonly string[],
): Promise<void> {
  const reader = readerOf(table, paths)
  try {
    await connection.run(`CREATE VIEW ${quoteName(table.name)} AS SELECT * FROM ${reader}`)
  } catch (error) {
    throw fromDuckdb(error, { file: table.name })
  }
}

async function lock(connection: DuckDBConnection, paths: readonly string[]): Promise<void> {
  await connection.run(`SET allowed_paths = [${paths.map(quote).join(', ')}]`)
  await connection.run('SET enable_external_access = false')
  await connection.run('SET lock_configuration = true')
}
