import type { types } from 'cassandra-driver'
import { checkSqlParameters, type ParameterValue, type ReadRequest } from '@bulkhead/connector-sdk'
import type { Config } from './config.ts'
import { cassandraError } from './errors.ts'
import { bindValue } from './query/bind-value.ts'
import { parseCql, statementOf } from './query/cql-text.ts'
import { partStatement, quoted, type TableRead, tableRead } from './query/table-query.ts'
import { orderedReads } from './read/ordered-reads.ts'
import { PagedRead } from './read/paged-read.ts'
import { PageSize } from './read/page-size.ts'
import { type TokenRange, tokenRanges } from './read/token-ranges.ts'
import type { Session } from './session/session.ts'
import { type ColumnPlan, columnPlans } from './value/column-plan.ts'
import { cqlType } from './value/cql-type.ts'

/** Bytes that a page should have: large enough that a round trip does not count, small enough to hold several. */
const pageBytes = 1024 * 1024
/** Rows of the first page of a statement: aggregates of the cluster work in steps of it. */
const firstRowsOfStatement = 500
const firstRowsOfTable = 100

/** Longest statement, characters. */
export const maxQueryLength = 100_000

/** A read that is bound, and its columns known. */
export interface PreparedRead {
  readonly plans: readonly ColumnPlan[]
  pages(signal: AbortSignal): AsyncIterable<readonly types.Row[]>
  /** What a page held. */
  learn(rows: number, bytes: number): void
}

/**
 * Binds a statement or an object query.
 * @throws BulkheadError everything wrong with the query, `path` beginning with `query` or `parameters`
 */
export async function prepareRead(
  session: Session,
  config: Config,
  read: ReadRequest,
  signal: AbortSignal,
): Promise<PreparedRead> {
  signal.throwIfAborted()
  if (typeof read.query === 'string') return prepareStatement(session, config, read, read.query, signal)
  const table = tableRead(read.query, read.parameters, config.keyspace)
  return prepareTable(session, config, read, table, signal)
}

function pageSizeFor(
  config: Config,
  { maxRows, batchBytes }: ReadRequest,
  firstRows: number,
  atOnce: number,
): PageSize {
  const rows = maxRows === undefined ? config.pageSize : Math.max(1, Math.min(config.pageSize, maxRows))
  return new PageSize(rows, Math.max(1, Math.min(pageBytes, (2 * batchBytes) / atOnce)), firstRows)
}

async function prepareStatement(
  session: Session,
  config: Config,
  read: ReadRequest,
  query: string,
  signal: AbortSignal,
): Promise<PreparedRead> {
  if (query.length > maxQueryLength)
    throw cassandraError('cassandra-not-a-query', `The query is longer than ${maxQueryLength} characters`, {
      path: 'query',
    })
  const text = parseCql(query)
  const { cql, names } = statementOf(text)
  checkSqlParameters(text, read.parameters)
  const markers = await session.prepare(cql, signal)
  const values = markers.map(({ type }, index) => {
    const name = names[index] ?? ''
    return bindValue(read.parameters[name] ?? null, cqlType(type), `parameters.${name}`)
  })
  const size = pageSizeFor(config, read, firstRowsOfStatement, 1)
  const first = await session.page(cql, values, { rows: size.rows }, signal)
  return {
    plans: columnPlans(first.columns),
    learn: (rows, bytes) => size.learn(rows, bytes),
    async *pages(stop) {
      const pages = new PagedRead(
        (state) => askPage(session, cql, values, size, state, stop),
        first.columns,
        first,
      )
      for (let rows = await pages.take(); rows !== undefined; rows = await pages.take()) yield rows
    },
  }
}

async function prepareTable(
  session: Session,
  config: Config,
  read: ReadRequest,
  table: TableRead,
  signal: AbortSignal,
): Promise<PreparedRead> {
  const partitionKey = await partitionKeyOf(session, table, signal)
  const ranges = await rangesOf(session, config, table, signal)
  const cql = partStatement(table, partitionKey)
  const markers = await session.prepare(cql, signal)
  const values: unknown[] = table.conditions.map(({ value, path }, index) => {
    // The bounds of the tokens come first.
    const marker = markers[index + 2]
    if (marker === undefined)
      throw cassandraError('cassandra-protocol', 'The cluster counts other parameters')
    return bindValue(value as ParameterValue, cqlType(marker.type), path)
  })
  const bounds = ({ after, to }: TokenRange): unknown[] => [after, to, ...values]

  // One token wide: what it costs is nothing, and it tells the columns.
  const last = ranges.at(-1)
  if (last === undefined) throw cassandraError('cassandra-protocol', 'The ring has no tokens')
  const probe = { after: last.to - 1n, to: last.to }
  const { columns } = await session.page(cql, bounds(probe), { rows: 1 }, signal)

  const size = pageSizeFor(config, read, firstRowsOfTable, config.ranges)
  return {
    plans: columnPlans(columns),
    learn: (rows, bytes) => size.learn(rows, bytes),
    pages: (stop) =>
      orderedReads(ranges.length, config.ranges, (index) => {
        const range = ranges[index] ?? probe
        return new PagedRead((state) => askPage(session, cql, bounds(range), size, state, stop), columns)
      }),
  }
}

function askPage(
  session: Session,
  cql: string,
  values: readonly unknown[],
  size: PageSize,
  state: string | undefined,
  signal: AbortSignal,
): Promise<types.ResultSet> {
  return session.page(cql, values, { rows: size.rows, ...(state === undefined ? {} : { state }) }, signal)
}

/** Names of the columns of the partition key, in order; that the columns of the query are there is checked on the way. */
async function partitionKeyOf(
  session: Session,
  { keyspace, table, columns, conditions }: TableRead,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { rows } = await session.page(
    'SELECT column_name, kind, position FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?',
    [keyspace, table],
    { rows: 10_000 },
    signal,
  )
  const known = new Map(rows.map((row) => [String(row['column_name']), row] as const))
  if (known.size === 0) {
    throw cassandraError(
      'cassandra-query-invalid',
      `There is no table ${quoted(keyspace)}.${quoted(table)}`,
      {
        path: 'query.table',
        fix: 'Correct keyspace and table; both are case-sensitive here',
      },
    )
  }
  const named = [
    ...(columns ?? []).map((name, index) => ({ name, path: `query.columns.${index}` })),
    ...conditions.map(({ column }) => ({ name: column, path: `query.where.${column}` })),
  ]
  for (const { name, path } of named) {
    if (known.has(name)) continue
    throw cassandraError('cassandra-query-invalid', `The table has no column "${name}"`, {
      path,
      fix: `Use one of ${[...known.keys()].slice(0, 50).join(', ')}`,
    })
  }
  const key = [...known.values()]
    .filter((row) => row['kind'] === 'partition_key')
    .toSorted((a, b) => Number(a['position']) - Number(b['position']))
    .map((row) => String(row['column_name']))
  const keyed = conditions.find(({ column }) => key.includes(column))
  if (keyed !== undefined) {
    throw cassandraError('cassandra-query-invalid', `"${keyed.column}" is part of the partition key`, {
      path: `query.where.${keyed.column}`,
      fix: 'Write a SELECT with this condition: it reads only the partitions that it names',
    })
  }
  return key
}

/** Fewest and most ranges of a table. */
const fewestRanges = 16
const mostRanges = 16_384

/**
 * The ring in so many ranges that each has about one page, as far as the node knows the size of the table:
 * then ranges that are read at once are truly read at once.
 */
async function rangesOf(
  session: Session,
  config: Config,
  { keyspace, table }: TableRead,
  signal: AbortSignal,
): Promise<readonly TokenRange[]> {
  const local = await session.page('SELECT partitioner FROM system.local', [], { rows: 1 }, signal)
  const estimates = await session.page(
    'SELECT mean_partition_size, partitions_count FROM system.size_estimates WHERE keyspace_name = ? AND table_name = ?',
    [keyspace, table],
    { rows: 10_000 },
    signal,
  )
  const hosts = session.client.hosts.values()
  // A node knows the ranges of which it is the first replica.
  const bytes = estimates.rows.reduce(
    (sum, row) => sum + Number(row['mean_partition_size']) * Number(row['partitions_count']),
    0,
  )
  const fitting = Math.ceil((bytes * hosts.length) / pageBytes)
  const parts = Math.min(mostRanges, Math.max(fewestRanges, 4 * config.ranges, fitting))
  const tokens = hosts.flatMap((host) => host.tokens)
  return tokenRanges(String(local.rows[0]?.['partitioner']), tokens, parts)
}
