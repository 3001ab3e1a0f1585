import {
  checkSqlParameters,
  type ConnectionLimits,
  duplicateNames,
  type ReadRequest,
  replaceSqlParameters,
} from '@bulkhead/connector-sdk'
import type { Config } from './config.ts'
import { mysqlError } from './errors.ts'
import { bindParameters } from './query/binding.ts'
import { type ColumnPlan, planColumns } from './query/column-plan.ts'
import { queryError, type Stage } from './query/query-error.ts'
import { readQuery } from './query/query-text.ts'
import { beginRead } from './query/session-settings.ts'
import type { Connected } from './session/connect.ts'
import type { Result } from './session/session.ts'

/** A read of which everything is known but the rows, which wait at the server. Its transaction is open. */
export interface PreparedRead {
  readonly columns: readonly ColumnPlan[]
  readonly result: Result
  /** The number of the prepared statement. */
  readonly statement: number
}

/**
 * Begins the transaction, lets the server parse the query, binds the parameters and starts it, so that
 * everything wrong with it is known before the first row. The types of the columns depend on the values
 * of the parameters: the server says them only when it starts.
 */
export async function prepareRead(
  { session, comment }: Connected,
  config: Config,
  { limits, read }: { readonly limits: ConnectionLimits; readonly read: ReadRequest },
): Promise<PreparedRead> {
  if (read.form !== 'columns') throw new TypeError(`MySQL yields nothing in the form ${read.form}`)
  const query = readQuery(read.query)
  checkSqlParameters(query, read.parameters)
  const uses = query.pieces.flatMap(({ name }) => (name === undefined ? [] : [name]))
  const binding = bindParameters(uses, read.parameters)
  const sql = `${comment} ${replaceSqlParameters(query, binding.replacement)}`

  const during = async <T>(stage: Stage, action: () => Promise<T>): Promise<T> => {
    try {
      return await action()
    } catch (error) {
      throw queryError(error, stage, limits.queryTimeoutMs)
    }
  }
  for (const statement of beginRead(config, limits, read.maxRows))
    await during('settings', () => session.run(statement))
  const prepared = await during('parse', () => session.prepare(sql))
  if (prepared.columns === 0)
    throw mysqlError('mysql-not-a-query', 'The statement returns no rows', { path: 'query' })
  // Server and connector read the text alike, or values would be bound to the wrong places.
  if (prepared.parameters !== binding.values.length)
    throw mysqlError('mysql-protocol', 'The server sees other parameters in the query than the connector')
  const result = await during('rows', () => session.execute(prepared.statement, binding.values))
  const columns = planColumns(result.columns, config)
  const [twice] = read.output.format === 'csv' ? [] : duplicateNames(columns.map(({ field }) => field))
  if (twice !== undefined)
    throw mysqlError('mysql-duplicate-column', `Two columns of the query are named "${twice}"`, {
      path: 'query',
    })
  return { columns, result, statement: prepared.statement }
}
