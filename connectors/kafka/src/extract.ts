import type { Batch, Extract, ReadRequest } from '@bulkhead/connector-sdk'
import type { Cluster, Topic } from './cluster/cluster.ts'
import { kafkaError } from './errors.ts'
import { columnsBatches } from './read/columns-batches.ts'
import type { PartOfPartition } from './read/part-of-partition.ts'
import { partitionRecords } from './read/partition-records.ts'
import type { TopicColumn } from './value/columns.ts'

/** What one read is made of. */
export interface ReadParts {
  readonly cluster: Cluster
  readonly topic: Topic
  readonly parts: readonly PartOfPartition[]
  readonly columns: readonly TopicColumn[]
}

/** A prepared read, to be read once. */
export function createExtract(
  { cluster, topic, parts, columns }: ReadParts,
  read: ReadRequest,
  queryTimeoutMs: number,
): Extract {
  const closed = new AbortController()
  let begun = false

  async function* batches(signal: AbortSignal): AsyncGenerator<Batch> {
    if (begun) throw new TypeError('An extract is read once')
    begun = true
    signal.throwIfAborted()
    const deadline = AbortSignal.timeout(queryTimeoutMs)
    const stop = AbortSignal.any([signal, deadline, closed.signal])
    try {
      const records = partitionRecords(cluster, topic, parts, stop)
      for await (const batch of columnsBatches(
        records,
        read,
        columns.map(({ reader }) => reader),
      )) {
        yield batch
        stop.throwIfAborted()
      }
    } catch (error) {
      if (signal.aborted || !deadline.aborted) throw error
      throw kafkaError('kafka-query-timeout', `The read took longer than ${queryTimeoutMs / 1000} s`, {
        cause: error,
      })
    } finally {
      closed.abort()
    }
  }

  return {
    fields: columns.map(({ field }) => field),
    consistency: 'none',
    read: batches,
    async [Symbol.asyncDispose]() {
      closed.abort()
    },
  }
}
