import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import type { Config } from '../config.ts'
import { quote, quoteName, readerOf, type Table } from '../files/table.ts'
import { Work } from './work.ts'

/** A table with the files that it reads. */
export interface TableFiles {
  readonly table: Table
  readonly paths: readonly string[]
}

/** A database in memory that belongs to one read: its limits, its tables, and nothing else of the machine. */
export interface Database {
  readonly connection: DuckDBConnection
  /** Through which every call goes. */
  readonly work: Work
  /** Ends the call that is under way, and removes what spilled to the disk. */
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly config: Config
  readonly tables: readonly TableFiles[]
  /** Of the run; what does not fit in memory spills into a folder made in it. SQL could read what spilled there, and nobody else's. */
  readonly temporaryFolder: string
  /** How long DuckDB may work, ms. */
  readonly budgetMs: number
}

/**
 * Opens a database, makes its tables, and locks it: from then on no SQL can read or write any file but those of the
 * tables, reach the network, load code, or change a setting.
 */
export async function openDatabase(
  { config, tables, temporaryFolder, budgetMs }: DatabaseOptions,
  signal: AbortSignal,
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
  const work = new Work(connection, budgetMs)
  const close = async () => {
    await work.stop()
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
      const view = `CREATE VIEW ${quoteName(table.name)} AS SELECT * FROM ${readerOf(table, plain)}`
      await work.run({ file: table.name }, signal, () => connection.run(view))
      allowed.push(...plain)
    }
    await lock(connection, allowed)
  } catch (error) {
    await close()
    throw error
  }
  return { connection, work, close }
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

async function lock(connection: DuckDBConnection, paths: readonly string[]): Promise<void> {
  await connection.run(`SET allowed_paths = [${paths.map(quote).join(', ')}]`)
  await connection.run('SET enable_external_access = false')
  await connection.run('SET lock_configuration = true')
}
