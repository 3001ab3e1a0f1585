import type { Cluster, Topic } from '../cluster/cluster.ts'
import { kafkaError } from '../errors.ts'
import type { Position, TopicRead } from '../query/topic-query.ts'

/** The records of one partition that are read: from `start` on, up to `end` and without it. */
export interface PartOfPartition {
  readonly partition: number
  readonly start: bigint
  readonly end: bigint
}

/**
 * What is read of each partition. The ends are fixed here: what is written later is not read.
 * @throws BulkheadError `kafka-partition-unknown`, `kafka-offset-out-of-range`
 */
export async function partsOf(
  cluster: Cluster,
  topic: Topic,
  read: TopicRead,
  warn: (message: string) => void,
  signal: AbortSignal,
): Promise<readonly PartOfPartition[]> {
  const first = await cluster.offsets(topic, 'earliest', signal)
  const last = await cluster.offsets(topic, 'latest', signal)
  const from = await lookUp(cluster, topic, read.from, signal)
  const to = await lookUp(cluster, topic, read.to, signal)
  const partitions = read.partitions ?? Array.from({ length: topic.partitions }, (_, partition) => partition)
  return partitions.map((partition) => {
    const begin = first.get(partition)
    const latest = last.get(partition)
    if (begin === undefined || latest === undefined)
      throw kafkaError('kafka-partition-unknown', `The topic has no partition ${partition}`, {
        path: 'query.partitions',
      })
    const bounds = { partition, begin, latest }
    const start = offsetAt(read.from, from, bounds, 'query.from')
    const end = offsetAt(read.to, to, bounds, 'query.to')
    if (read.from.kind === 'offset' && (start < begin || start > latest))
      throw kafkaError(
        'kafka-offset-out-of-range',
        `Partition ${partition} has offsets from ${begin} to ${latest}, and the read begins at ${start}`,
        { path: 'query.from' },
      )
    if (end > latest)
      warn(`Partition ${partition} ends at offset ${latest}, before ${end}: the read ends there`)
    return { partition, start, end: end < start ? start : end > latest ? latest : end }
  })
}

async function lookUp(
  cluster: Cluster,
  topic: Topic,
  position: Position,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, bigint> | undefined> {
  return position.kind === 'timestamp' ? await cluster.offsets(topic, position.ms, signal) : undefined
}

function offsetAt(
  position: Position,
  atTime: ReadonlyMap<number, bigint> | undefined,
  {
    partition,
    begin,
    latest,
  }: { readonly partition: number; readonly begin: bigint; readonly latest: bigint },
  path: string,
): bigint {
  switch (position.kind) {
    case 'earliest':
      return begin
    case 'latest':
      return latest
    case 'timestamp': {
      const found = atTime?.get(partition) ?? -1n
      // No record is that young: everything lies before the time.
      return found < 0n || found > latest ? latest : found
    }
    case 'offset': {
      const wanted = position.of(partition)
      if (wanted === undefined)
        throw kafkaError('kafka-query-invalid', `Partition ${partition} has no offset in the query`, {
          path: `${path}.offsets`,
        })
      return wanted
    }
  }
  return position satisfies never
}
