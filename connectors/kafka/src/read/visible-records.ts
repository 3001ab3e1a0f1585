import type { Fetched } from '../cluster/cluster.ts'
import { kafkaError } from '../errors.ts'

/** A record as the broker keeps it. */
export interface KafkaRecord {
  readonly partition: number
  readonly offset: bigint
  /** Milliseconds since 1970; undefined when the record has none. */
  readonly timestampMs: bigint | undefined
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: Buffer | null, value: Buffer | null])[]
}

/** What a fetch holds, and from where the next one goes on. */
export interface VisibleRecords {
  readonly records: readonly KafkaRecord[]
  /** Behind the last batch, which may end with offsets that hold no record; undefined when there was no batch. */
  readonly next: bigint | undefined
}

const logAppendTime = 1 << 3
const transactional = 1 << 4
const control = 1 << 5
/** Records with batches, since Kafka 0.11. */
const currentMagic = 2
/** Of a control record: the end of a transaction that was aborted. */
const abortMarker = 0

/**
 * The records of an answer between two offsets, in order, without markers of transactions and without what was
 * aborted. The list of aborted transactions comes only at the level `read-committed`; a transaction is aborted from
 * its first offset to its marker, which may lie in a later answer.
 *
 * @see https://kafka.apache.org/documentation/#messageformat
 */
export function visibleRecords(
  partition: number,
  fetched: Fetched,
  start: bigint,
  end: bigint,
): VisibleRecords {
  const records: KafkaRecord[] = []
  const begun = new Set<bigint>()
  const aborted = [...(fetched.abortedTransactions ?? [])].toSorted((a, b) =>
    a.firstOffset < b.firstOffset ? -1 : 1,
  )
  let next: bigint | undefined
  for (const batch of fetched.records ?? []) {
    if (batch.magic !== currentMagic)
      throw kafkaError(
        'kafka-format-unsupported',
        `Partition ${partition} has records of the format ${batch.magic}`,
      )
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    while (aborted[0] !== undefined && aborted[0].firstOffset <= last) {
      begun.add(aborted[0].producerId)
      aborted.shift()
    }
    next = last + 1n
    if ((batch.attributes & control) !== 0) {
      if (batch.records[0]?.key?.readInt16BE(2) === abortMarker) begun.delete(batch.producerId)
      continue
    }
    if ((batch.attributes & transactional) !== 0 && begun.has(batch.producerId)) continue
    for (const record of batch.records) {
      const offset = batch.firstOffset + BigInt(record.offsetDelta)
      if (offset < start || offset >= end) continue
      const timestamp =
        (batch.attributes & logAppendTime) === 0
          ? batch.firstTimestamp + record.timestampDelta
          : batch.maxTimestamp
      records.push({
        partition,
        offset,
        timestampMs: timestamp < 0n ? undefined : timestamp,
        key: record.key,
        value: record.value,
        headers: record.headers,
      })
    }
  }
  return { records, next }
}
