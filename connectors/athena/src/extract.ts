import type { Batch, Extract, ReadRequest } from '@bulkhead/connector-sdk'
import type { Connection } from './connection.ts'
import { athenaError } from './errors.ts'
import { bindStatement } from './query/statement.ts'
import { rowsResult } from './result/rows-result.ts'
import { unloadResult } from './result/unload-result.ts'

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
  const resultOf = read.form === 'bytes' ? unloadResult : rowsResult
  const result = await inTime(signal, deadline, queryTimeoutMs, (stop) =>
    resultOf(connection, statement, read, stop),
  )
  const closed = new AbortController()
  let begun = false

  async function* batches(readSignal: AbortSignal): AsyncGenerator<Batch> {
    if (begun) throw new TypeError('An extract is read once')
    begun = true
    const stop = AbortSignal.any([signal, readSignal, deadline, closed.signal])
    try {
      stop.throwIfAborted()
      for await (const batch of result.batches(stop)) {
        yield batch
        stop.throwIfAborted()
      }
    } catch (error) {
      if (signal.aborted || readSignal.aborted || !deadline.aborted) throw error
      throw timedOut(queryTimeoutMs, error)
    } finally {
      closed.abort()
    }
  }

  return {
    fields: result.fields,
    consistency: 'none',
    read: batches,
    async [Symbol.asyncDispose]() {
      closed.abort()
    },
  }
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
