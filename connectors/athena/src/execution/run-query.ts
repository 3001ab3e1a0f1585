import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { QueryExecution, StartQueryExecutionCommandInput } from '@aws-sdk/client-athena'
import { answered, call, type Connection } from '../connection.ts'
import { athenaError } from '../errors.ts'
import type { Statement } from '../query/statement.ts'
import { failureOf } from './query-failure.ts'

/** Longest try to stop a query in Athena: giving up must be over within 5 s. */
const stopMs = 3000

/** A query that has succeeded. */
export interface FinishedQuery {
  readonly id: string
  /** `s3://bucket/folder/id.csv`; undefined when Athena keeps the result itself. */
  readonly location: string | undefined
  /** Whether the result begins with the names of its columns. */
  readonly hasHeader: boolean
  /** `s3://…`, a list of the files that UNLOAD wrote; undefined for other statements. */
  readonly manifest: string | undefined
}

/**
 * Starts a query and waits until it has succeeded. Whatever else happens, the query is stopped in Athena before this
 * throws, so that nothing goes on scanning data that nobody waits for.
 *
 * @throws BulkheadError with what Athena says; the signal's reason when it aborts
 */
export async function runQuery(
  connection: Connection,
  statement: Statement,
  signal: AbortSignal,
): Promise<FinishedQuery> {
  const input = startInput(connection, statement)
  const query: { id?: string; ended: boolean } = { ended: false }
  try {
    query.id = await start(connection, input, signal)
    connection.log.debug('Athena runs the query', { id: query.id })
    const execution = await ending(connection, query.id, signal)
    query.ended = true
    return finished(query.id, execution)
  } catch (error) {
    // one that was refused never ran
    if (!query.ended && (query.id !== undefined || signal.aborted)) await stop(connection, input, query.id)
    throw error
  }
}

function startInput({ config }: Connection, { sql, values }: Statement): StartQueryExecutionCommandInput {
  const { outputLocation, expectedBucketOwner, workgroup, catalog, database } = config
  return {
    QueryString: sql,
    // the same token is the same query, however often an answer gets lost
    ClientRequestToken: randomUUID(),
    WorkGroup: workgroup,
    QueryExecutionContext: { Catalog: catalog, ...(database === undefined ? {} : { Database: database }) },
    ...(values.length === 0 ? {} : { ExecutionParameters: [...values] }),
    ...(outputLocation === undefined && expectedBucketOwner === undefined
      ? {}
      : {
          ResultConfiguration: {
            ...(outputLocation === undefined ? {} : { OutputLocation: outputLocation }),
            ...(expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: expectedBucketOwner }),
          },
        }),
  }
}

async function start(
  { athena, sdk }: Connection,
  input: StartQueryExecutionCommandInput,
  signal: AbortSignal,
): Promise<string> {
  const answer = await call({ doing: 'start the query', path: 'query' }, signal, (options) =>
    athena.send(new sdk.StartQueryExecutionCommand(input), options),
  )
  return answered(answer.QueryExecutionId, 'the id of the query')
}

const final: ReadonlySet<string> = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED'])

/** Asks for the state until it is final, ever more seldom, and never in step with other runs. */
async function ending(
  { athena, sdk, times }: Connection,
  id: string,
  signal: AbortSignal,
): Promise<QueryExecution> {
  for (let pause = times.pollFirstMs; ; pause = Math.min(pause * 1.5, times.pollLongestMs)) {
    const { QueryExecution } = await call({ doing: 'ask for the state of the query' }, signal, (options) =>
      athena.send(new sdk.GetQueryExecutionCommand({ QueryExecutionId: id }), options),
    )
    const execution = answered(QueryExecution, 'the query')
    if (final.has(answered(execution.Status?.State, 'the state of the query'))) return execution
    // queued, running, or in a state that Athena has got since
    await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted()
      throw error
    })
  }
}

function finished(id: string, execution: QueryExecution): FinishedQuery {
  const { Status, ResultConfiguration, StatementType, Statistics, Query = '' } = execution
  if (Status?.State === 'FAILED') throw failureOf(id, Status)
  if (Status?.State === 'CANCELLED')
    throw athenaError('athena-query-stopped', `The query ${id} was stopped in Athena, and not by this run`)
  return {
    id,
    location: ResultConfiguration?.OutputLocation,
    manifest: Statistics?.DataManifestLocation,
    hasHeader: StatementType === 'DML' || /^\s*EXPLAIN\b/i.test(Query),
  }
}

/** Never throws: what cannot be stopped is logged, and ends by the timeout of the workgroup. */
async function stop(
  { athena, sdk, log }: Connection,
  input: StartQueryExecutionCommandInput,
  known: string | undefined,
): Promise<void> {
  const options = { abortSignal: AbortSignal.timeout(stopMs) }
  try {
    // the answer to the start may have been on its way: the token finds out which query it was
    const id =
      known ?? (await athena.send(new sdk.StartQueryExecutionCommand(input), options)).QueryExecutionId
    await athena.send(new sdk.StopQueryExecutionCommand({ QueryExecutionId: id }), options)
  } catch (error) {
    log.warn('The query could not be stopped in Athena', {
      ...(known === undefined ? {} : { id: known }),
      reason: (error as Error).name,
    })
  }
}
