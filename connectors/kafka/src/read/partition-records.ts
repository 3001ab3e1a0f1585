import type { Cluster, Fetched, Topic } from '../cluster/cluster.ts'
import type { PartOfPartition } from './part-of-partition.ts'
import { type KafkaRecord, visibleRecords } from './visible-records.ts'

/**
 * How many answers without a record, one after the other, say that the rest of a partition holds none: compaction and
 * markers of transactions leave offsets without records, at the end of a partition too.
 */
const emptyAnswers = 3

/** The records of partitions, one partition after the other; one answer is fetched ahead (I8). */
export async function* partitionRecords(
  cluster: Cluster,
  topic: Topic,
  parts: readonly PartOfPartition[],
  signal: AbortSignal,
): AsyncGenerator<readonly KafkaRecord[]> {
  for (const { partition, start, end } of parts) {
    let offset = start
    let empty = 0
    let ahead: Promise<Fetched> | undefined
    while (offset < end) {
      const fetched: Fetched = await (ahead ?? cluster.fetch(topic, partition, offset, signal))
      ahead = undefined
      const { records, next } = visibleRecords(partition, fetched, offset, end)
      if (next === undefined) {
        // A broker that slows its clients down answers without records too.
        if (fetched.throttleTimeMs === 0 && fetched.highWatermark >= end) empty += 1
        if (empty >= emptyAnswers) break
        continue
      }
      empty = 0
      if (next > offset) offset = next
      if (offset < end) {
        ahead = cluster.fetch(topic, partition, offset, signal)
        // Whoever stops reading does not want to know how it ended.
        ahead.catch(() => undefined)
      }
      if (records.length > 0) yield records
    }
  }
}
