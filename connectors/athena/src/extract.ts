import {
  type Batch,
  duplicateNames,
  type Extract,
  isBulkheadError,
  type ReadRequest,
} from '@bulkhead/connector-sdk'
import { answered, call, type Connection } from './connection.ts'
import { athenaError } from './errors.ts'
import { type FinishedQuery, runQuery } from './execution/run-query.ts'
import { bindStatement } from './query/statement.ts'
import { rowsBatches } from './result/batches.ts'
import { type Column, columnOf } from './result/column.ts'
import type { TextRecord } from './result/csv-records.ts'
import { objectRecords, pageRecords } from './result/records.ts'

/** A result of so few rows is read by one call sooner than from S3. */
const fewRows = 999

/**
 * Runs the query: Athena knows the columns only of a query that ran. What is read afterwards is its result, which
 * nobody changes.
 */
export async function prepareExtract(
  connection: Connection,
  read: ReadRequest,
  signal: AbortSignal,
): Promise<Extract> {
  const statement = bindStatement(read.query, read.parameters)
  const { queryTimeoutMs } = connection
  const deadline = AbortSignal.timeout(queryTimeoutMs)
  const query = await inTime(signal, deadline, queryTimeoutMs, async (stop) => {
    const finished = await runQuery(connection, statement, stop)
    return { finished, columns: await columnsOf(connection, finished, stop) }
  })
  const closed = new AbortController()
  let begun = false

  async function* batches(readSignal: AbortSignal): AsyncGenerator<Batch> {
    if (begun) throw new TypeError('An extract is read once')
    begun = true
    const stop = AbortSignal.any([signal, readSignal, deadline, closed.signal])
    try {
      stop.throwIfAborted()
      const pages = records(connection, query.finished, query.columns, read.maxRows, stop)
      for await (const batch of rowsBatches(pages, query.columns, read)) {
        yield batch
        stop.throwIfAborted()
      }
    } catch (error) {
      if (readSignal.aborted || !deadline.aborted) throw error
      throw timedOut(queryTimeoutMs, error)
    } finally {
      closed.abort()
    }
  }

  return {
    fields: query.columns.map(({ field }) => field),
    consistency: 'none',
    read: batches,
    async [Symbol.asyncDispose]() {
      closed.abort()
    },
  }
}

/** From the object or by pages, as the settings say and the result allows. */
async function* records(
  connection: Connection,
  finished: FinishedQuery,
  columns: readonly Column[],
  maxRows: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<readonly TextRecord[]> {
  const names = columns.map(({ field: { name } }) => name)
  const { results } = connection.config
  // what no SELECT answers is plain text in S3
  const hasObject = finished.location?.endsWith('.csv') === true && finished.hasHeader
  const few = maxRows !== undefined && maxRows <= fewRows
  if (results === 'object' ? hasObject : results === 'auto' && hasObject && !few) {
    try {
      yield* objectRecords(connection, finished, names, signal)
      return
    } catch (error) {
      // only ever thrown before the first byte
      if (results === 'object' || !isBulkheadError(error) || error.code !== 'athena-result-unreadable')
        throw error
      connection.log.warn('The result object cannot be read, so the result is read page by page', {
        id: finished.id,
      })
    }
  }
  yield* pageRecords(connection, finished, names, maxRows, signal)
}

async function columnsOf(
  { athena, sdk }: Connection,
  { id }: FinishedQuery,
  signal: AbortSignal,
): Promise<readonly Column[]> {
  const { ResultSet } = await call({ doing: 'ask for the columns of the result' }, signal, (options) =>
    athena.send(new sdk.GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: 1 }), options),
  )
  const columns = answered(ResultSet?.ResultSetMetadata?.ColumnInfo, 'columns').map(columnOf)
  const [twice] = duplicateNames(columns.map(({ field }) => field))
  if (twice !== undefined)
    throw athenaError('athena-duplicate-column', `Two columns of the query are named "${twice}"`, {
      path: 'query',
    })
  return columns
}

/** Runs within a deadline, which is told apart from being asked to stop. */
async function inTime<T>(
  signal: AbortSignal,
  deadline: AbortSignal,
  timeoutMs: number,
  run: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await run(AbortSignal.any([signal, deadline]))
  } catch (error) {
    if (signal.aborted || !deadline.aborted) throw error
    throw timedOut(timeoutMs, error)
  }
}

function timedOut(timeoutMs: number, cause: unknown): Error {
  return athenaError('athena-query-timeout', `Query and reading took longer than ${timeoutMs / 1000} s`, {
    cause,
  })
}
