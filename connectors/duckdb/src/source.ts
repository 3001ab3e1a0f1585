import {
  isBulkheadError,
  type ConnectionContext,
  type Extract,
  type ReadRequest,
  type Source,
} from '@bulkhead/connector-sdk'
import { fieldOf } from './columns/column-of.ts'
import type { Config } from './config.ts'
import { openDatabase, type Database, type TableFiles } from './database/database.ts'
import { parseQuery, prepareStatement } from './database/statement.ts'
import { failure } from './errors.ts'
import { createExtract } from './extract.ts'
import { findLocalFiles, openFolder } from './files/local-files.ts'
import { tablesOf, type Table } from './files/table.ts'
import { watchFiles } from './files/unchanged.ts'

/** Opens the connection: checks its settings and its folder. A database is made for each read. */
export async function openSource(context: ConnectionContext<Config>): Promise<Source> {
  const tables = tablesOf(context.config.files)
  const files = new FileFinder(context, tables)
  await files.openFolder()
  return {
    check: (signal) => check(context, tables, files, signal),
    prepare: (read, signal) => prepare(context, tables, files, read, signal),
    async [Symbol.asyncDispose]() {},
  }
}

/** Looks for the files of the tables, and has those of other connections fetched, once. */
class FileFinder {
  readonly #context: ConnectionContext<Config>
  readonly #hasLocal: boolean
  readonly #fetched = new Map<string, readonly string[]>()
  #root = ''

  constructor(context: ConnectionContext<Config>, tables: readonly Table[]) {
    this.#context = context
    this.#hasLocal = tables.some(({ source }) => source.kind === 'local')
  }

  async openFolder(): Promise<void> {
    if (this.#hasLocal) this.#root = await openFolder(this.#context)
  }

  async find({ name, source }: Table, signal: AbortSignal): Promise<readonly string[]> {
    signal.throwIfAborted()
    if (source.kind === 'local') return findLocalFiles(this.#root, source.path, name, signal)
    const known = this.#fetched.get(name)
    if (known !== undefined) return known
    const paths = await this.#context.fetchFiles(source.connection, source.query, signal)
    if (paths.length === 0) {
      throw failure('duckdb-file-missing', `${source.connection} has no files for ${name}`, {
        path: `config.files.${name}.fetch`,
        fix: 'Correct what is fetched',
      })
    }
    this.#fetched.set(name, paths)
    return paths
  }
}

/** Finds the local files and opens them as tables; nothing is fetched from other connections. */
async function check(
  context: ConnectionContext<Config>,
  tables: readonly Table[],
  files: FileFinder,
  signal: AbortSignal,
): Promise<string> {
  const local = tables.filter(({ source }) => source.kind === 'local')
  const found: TableFiles[] = []
  for (const table of local) found.push({ table, paths: await files.find(table, signal) })
  await (await open(context, found, signal)).close()
  const count = found.reduce((sum, { paths }) => sum + paths.length, 0)
  return `DuckDB reads ${count} files as ${local.length} tables; ${tables.length - local.length} tables are fetched when a query needs them`
}

async function prepare(
  context: ConnectionContext<Config>,
  tables: readonly Table[],
  files: FileFinder,
  read: ReadRequest,
  signal: AbortSignal,
): Promise<Extract> {
  signal.throwIfAborted()
  if (typeof read.query !== 'string') {
    throw failure('duckdb-query-invalid', 'The query is no text', { path: 'query', fix: 'Write SQL' })
  }
  const sql = parseQuery(read.query, read.parameters)
  const used: TableFiles[] = []
  for (const table of tablesIn(read.query, tables))
    used.push({ table, paths: await files.find(table, signal) })
  const watch = await watchFiles(used.flatMap(({ paths }) => paths))
  const database = await open(context, used, signal)
  try {
    const statement = await database.work
      .run('query', signal, () => prepareStatement(database.connection, sql, read.parameters))
      .catch((error: unknown) => {
        throw namingTables(error, tables)
      })
    const fields = statement.columns.map(({ name, type }) => fieldOf(name, type))
    return createExtract({
      database,
      statement,
      fields,
      watch,
      // Files here are proved to be unchanged; those of other connections were fetched one after the other.
      consistency: used.every(({ table }) => table.source.kind === 'local') ? 'snapshot' : 'none',
      bounds: read,
    })
  } catch (error) {
    await database.close()
    throw error
  }
}

async function open(
  context: ConnectionContext<Config>,
  tables: readonly TableFiles[],
  signal: AbortSignal,
): Promise<Database> {
  const { config, limits } = context
  const temporaryFolder = await context.temporaryFolder()
  return openDatabase({ config, tables, temporaryFolder, budgetMs: limits.queryTimeoutMs }, signal)
}

/** Most tables that an error lists. */
const MAX_LISTED = 20

/** DuckDB knows only the tables that were made for the query: of an unknown one, all that there are say more. */
function namingTables(error: unknown, tables: readonly Table[]): unknown {
  if (!isBulkheadError(error) || !/Table with name .* does not exist/.test(error.message)) return error
  const names = tables.slice(0, MAX_LISTED).map(({ name }) => name)
  const more = tables.length > names.length ? ' …' : ''
  return failure('duckdb-query-invalid', error.message, {
    path: 'query',
    fix: names.length === 0 ? 'List a file under `files`' : `The tables are ${names.join(', ')}${more}`,
  })
}

/**
 * The tables whose name occurs in the query, even inside a text or a comment: one too many costs little, and asking
 * DuckDB would mean to run its binder over the query before the database is locked.
 */
function tablesIn(query: string, tables: readonly Table[]): readonly Table[] {
  const text = query.toLowerCase()
  return tables.filter(({ name }) => text.includes(name.toLowerCase()))
}
