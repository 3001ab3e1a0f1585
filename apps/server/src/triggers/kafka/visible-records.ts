import type { FetchedPartition } from './brokers.ts'

/** A record that may be read, as the broker keeps it. */
export interface TopicMessage {
  readonly partition: number
  readonly offset: bigint
  /** Epoch milliseconds; undefined when it has none. */
  readonly timestampMs: number | undefined
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: Buffer | null, value: Buffer | null])[]
}

const logAppendTime = 1 << 3
const transactional = 1 << 4
const control = 1 << 5
/** Of a control record: the end of a transaction that was aborted. */
const abortMarker = 0

/**
 * The records of an answer from an offset on, without the markers of transactions and without what was aborted, and
 * the offset behind all that the answer covers: batches may end with offsets that hold no record.
 *
 * @see https://kafka.apache.org/documentation/#messageformat
 */
export function visibleRecords(
  fetched: Pick<FetchedPartition, 'partitionIndex' | 'records' | 'abortedTransactions'>,
  from: bigint,
): { readonly messages: readonly TopicMessage[]; readonly next: bigint } {
  const messages: TopicMessage[] = []
  const abortedBegins = (fetched.abortedTransactions ?? []).toSorted((a, b) =>
    Number(a.firstOffset - b.firstOffset),
  )
  const aborted = new Set<bigint>()
  let next = from
  for (const batch of fetched.records ?? []) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta)
    for (let begin = abortedBegins[0]; begin !== undefined && begin.firstOffset <= last;) {
      aborted.add(begin.producerId)
      abortedBegins.shift()
      begin = abortedBegins[0]
    }
    if (last >= next) next = last + 1n
    if ((batch.attributes & control) !== 0) {
      if (batch.records[0]?.key?.readInt16BE(2) === abortMarker) aborted.delete(batch.producerId)
      continue
    }
    if ((batch.attributes & transactional) !== 0 && aborted.has(batch.producerId)) continue
    const appended = (batch.attributes & logAppendTime) !== 0
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      const offset = batch.firstOffset + BigInt(offsetDelta)
      // a batch may begin before what was asked for
      if (offset < from) continue
      const timestamp = Number(appended ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta)
      messages.push({
        partition: fetched.partitionIndex,
        offset,
        timestampMs: timestamp < 0 ? undefined : timestamp,
        key,
        value,
        headers,
      })
    }
  }
  return { messages, next }
}
