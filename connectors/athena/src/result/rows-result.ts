import { duplicateNames, isBulkheadError, type ReadRequest } from '@bulkhead/connector-sdk'
import { answered, call, type Connection } from '../connection.ts'
import { athenaError } from '../errors.ts'
import { type FinishedQuery, runQuery } from '../execution/run-query.ts'
import type { Statement } from '../query/statement.ts'
import { rowsBatches } from './batches.ts'
import { type Column, columnOf } from './column.ts'
import type { TextRecord } from './csv-records.ts'
import { objectRecords, pageRecords } from './records.ts'
import type { Result } from './result.ts'

/** A result of so few rows is read by one call sooner than from S3. */
const fewRows = 999

/** Runs the query; its rows are read afterwards. */
export async function rowsResult(
  connection: Connection,
  statement: Statement,
  read: ReadRequest,
  signal: AbortSignal,
): Promise<Result> {
  const finished = await runQuery(connection, statement, signal)
  const columns = await columnsOf(connection, finished, signal)
  return {
    fields: columns.map(({ field }) => field),
    batches: (stop) => rowsBatches(records(connection, finished, columns, read.maxRows, stop), columns, read),
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
