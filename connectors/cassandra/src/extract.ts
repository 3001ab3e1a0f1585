import type { Batch, Extract, ReadRequest } from '@bulkhead/connector-sdk'
import { cassandraError } from './errors.ts'
import type { PreparedRead } from './prepare-read.ts'
import { rowReader } from './read/row-reader.ts'
import { rowsBatches } from './read/rows-batches.ts'

/** A prepared read, to be read once. What was asked for when it is closed is answered into the void. */
export function createExtract(prepared: PreparedRead, read: ReadRequest, queryTimeoutMs: number): Extract {
  const closed = new AbortController()
  let begun = false

  async function* batches(signal: AbortSignal): AsyncGenerator<Batch> {
    if (begun) throw new TypeError('An extract is read once')
    begun = true
    signal.throwIfAborted()
    const deadline = AbortSignal.timeout(queryTimeoutMs)
    const stop = AbortSignal.any([signal, deadline, closed.signal])
    const learn = (rows: number, bytes: number): void => prepared.learn(rows, bytes)
    try {
      for await (const batch of rowsBatches(prepared.pages(stop), read, rowReader(prepared.plans), learn)) {
        yield batch
        stop.throwIfAborted()
      }
    } catch (error) {
      if (signal.aborted || !deadline.aborted) throw error
      throw cassandraError(
        'cassandra-query-timeout',
        `The read took longer than ${queryTimeoutMs / 1000} s`,
        {
          cause: error,
        },
      )
    } finally {
      closed.abort()
    }
  }

  return {
    fields: prepared.plans.map(({ field }) => field),
    consistency: 'none',
    read: batches,
    async [Symbol.asyncDispose]() {
      closed.abort()
    },
  }
}
