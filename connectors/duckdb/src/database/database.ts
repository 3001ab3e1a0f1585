import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
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
  /** To be called when no call is under way. Removes what spilled to the disk. */
  close(): Promise<void>
}

/**
 * Opens a database, makes its tables, and locks it: from then on no SQL can read or write any file but those of the
 * tables, reach the network, load code, or change a setting.
 * @param temporaryFolder  of the run; what does not fit in memory spills into a folder made in it. SQL could read
 *   what spilled there, and nobody else's
 */
export async function openDatabase(
  config: Config,
  tables: readonly TableFiles[],
  temporaryFolder: string,
): Promise<Database> {
  const scratch = await mkdtemp(join(temporaryFolder, 'duckdb-'))
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: config.memoryLimit,
    threads: String(config.threads),
    temp_directory: join(scratch, 'spilled'),
    max_temp_directory_size: config.spillLimit,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
  })
  const connection = await instance.connect()
  const close = async () => {
    connection.disconnectSync()
    instance.closeSync()
    await rm(scratch, { recursive: true, force: true })
  }
  try {
    // Text of instants must not depend on where the machine stands.
    await connection.run("SET TimeZone = 'UTC'")
    const allowed: string[] = []
    for (const { table, paths } of tables) {
      const plain = await plainPaths(paths, scratch)
      await makeTable(connection, table, plain)
      allowed.push(...plain)
    }
    await lock(connection, allowed)
  } catch (error) {
    await close()
    throw error
  }
  return { connection, close }
}

/** DuckDB takes a path with wildcards for a pattern, even when a file has that name: such a file gets a plain one. */
async function plainPaths(paths: readonly string[], scratch: string): Promise<readonly string[]> {
  const plain: string[] = []
  for (const path of paths) {
    if (!/[*?[\]]/.test(path)) {
      plain.push(path)
      continue
    }
    const link = join(scratch, `${randomUUID()}${/(\.\w+){0,2}$/.exec(basename(path))?.[0] ?? ''}`)
    await symlink(path, link)
    plain.push(link)
  }
  return plain
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
