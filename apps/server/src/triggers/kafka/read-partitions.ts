import { setTimeout as sleep } from 'node:timers/promises'
import { unlessAborted } from '@bulkhead/connector-sdk'
import { answersOf } from '@bulkhead/engine/kafka/cluster-fault'
import type { Broker, WantedPartition } from './brokers.ts'
import type { GroupMember, Layout, Ownership } from './group-member.ts'
import { takeInOrder } from './take-in-order.ts'
import { type TopicMessage, visibleRecords } from './visible-records.ts'

/**
 * How far a topic has been taken by this process, over all its ownerships: everything before an offset is durable in
 * the repository, whoever took it, so nothing before it need be read again.
 */
export interface Progress {
  topicId: string | undefined
  readonly taken: Map<number, bigint>
  /** Ends of the partitions, as the brokers last said. */
  readonly ends: Map<number, bigint>
}

export interface ReadOptions {
  readonly member: GroupMember
  readonly ownership: Ownership
  readonly progress: Progress
  /** Resolves when the message is durable elsewhere; throws only when the signal aborts. */
  readonly take: (message: TopicMessage, signal: AbortSignal) => Promise<void>
  /** Told when brokers answer, and when not. */
  readonly onRead: (failure: unknown) => void
  readonly onGap: (partition: number, from: bigint, to: bigint) => void
  /** Stops reading, and commits what was taken. */
  readonly stop: AbortSignal
}

/** What was taken meanwhile is committed together; should this server die, another takes it once more, which makes no second run. */
const commitWithinMs = 100
const failuresBeforeEnd = 4
const firstPauseMs = 250
/** The group has been divided anew since: what was taken is not lost, another may take it once more. */
const fenced = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID']

/**
 * Reads what is owned until it is owned no longer, and commits what was taken, never more. Brokers that fail are
 * asked again a few times.
 *
 * @throws what brokers fail with, when it does not pass
 */
export async function readPartitions(options: ReadOptions): Promise<void> {
  const { member, ownership, progress, stop } = options
  const over = new AbortController()
  const signal = AbortSignal.any([ownership.signal, stop, over.signal])
  const committed = new Map<number, bigint>()
  let committing: NodeJS.Timeout | undefined
  let commitFailures = 0
  let commitFailure: unknown

  function uncommitted(): readonly WantedPartition[] {
    if (ownership.signal.aborted) return []
    return ownership.partitions.flatMap((partition) => {
      const offset = progress.taken.get(partition)
      return offset === undefined || offset === committed.get(partition) ? [] : [{ partition, offset }]
    })
  }

  async function commit(): Promise<void> {
    const offsets = uncommitted()
    if (offsets.length === 0) return
    try {
      await member.commit(ownership, offsets)
      for (const { partition, offset } of offsets) committed.set(partition, offset)
      commitFailures = 0
    } catch (error) {
      if (ownership.signal.aborted || answersOf(error).some((id) => fenced.includes(id))) over.abort()
      else if (++commitFailures > failuresBeforeEnd) {
        commitFailure = error
        over.abort()
      }
    }
  }

  /** Nobody who reads waits for it, and never are two under way. */
  function commitSoon(): void {
    committing ??= setTimeout(() => void commit().finally(commitMore), commitWithinMs)
  }

  function commitMore(): void {
    committing = undefined
    if (uncommitted().length > 0 && !over.signal.aborted) commitSoon()
  }

  let failures = 0
  try {
    const layout = await unlessAborted(member.layout(), signal)
    if (progress.topicId !== layout.topicId) {
      progress.topicId = layout.topicId
      progress.taken.clear()
      progress.ends.clear()
    }
    for (const [partition, offset] of await unlessAborted(startOf(member, ownership, progress), signal)) {
      committed.set(partition, offset.committed)
      progress.taken.set(partition, offset.from)
    }
    for (let known: Layout | undefined = layout; ; known = undefined) {
      try {
        await readAll(
          known ?? (await unlessAborted(member.layout(), signal)),
          options,
          signal,
          commitSoon,
          () => {
            failures = 0
            options.onRead(undefined)
          },
        )
      } catch (error) {
        signal.throwIfAborted()
        if (answersOf(error).includes('OFFSET_OUT_OF_RANGE')) {
          await skipGaps(options, signal)
          continue
        }
        options.onRead(error)
        if (++failures >= failuresBeforeEnd || answersOf(error).includes('UNKNOWN_TOPIC_ID')) throw error
        await sleep(firstPauseMs * 2 ** failures, undefined, { signal })
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
    // that the ownership is over is no failure; that commits fail is one
    if (commitFailure !== undefined) throw commitFailure
  } finally {
    clearTimeout(committing)
    if (stop.aborted) await commit()
  }
}

/** Where each partition is read from: behind what the group has committed, and what was taken here. */
async function startOf(
  member: GroupMember,
  { partitions }: Ownership,
  { taken }: Progress,
): Promise<ReadonlyMap<number, { readonly from: bigint; readonly committed: bigint }>> {
  if (partitions.length === 0) return new Map()
  const [committed, earliest] = await Promise.all([member.committed(partitions), member.earliest()])
  return new Map(
    partitions.map((partition) => {
      const known = committed.get(partition) ?? earliest.get(partition) ?? 0n
      const own = taken.get(partition) ?? 0n
      return [partition, { from: own > known ? own : known, committed: known }]
    }),
  )
}

/** Each broker by a loop of its own, until one fails or all is over. */
async function readAll(
  { topicId, leaders }: Layout,
  options: ReadOptions,
  signal: AbortSignal,
  onTaken: () => void,
  onAnswer: () => void,
): Promise<void> {
  const { ownership } = options
  const byBroker = Map.groupBy(ownership.partitions, (partition) => {
    const leader = leaders.get(partition)
    if (leader === undefined) throw new Error(`Partition ${partition} has no leader now`)
    return leader
  })
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const loops = [...byBroker].map(([broker, partitions]) =>
    readFrom(broker, topicId, partitions, options, either, onTaken, onAnswer).catch((error: unknown) => {
      failed.abort(error)
      throw error
    }),
  )
  if (loops.length === 0) loops.push(unlessAborted(new Promise<never>(() => undefined), either))
  const results = await Promise.allSettled(loops)
  signal.throwIfAborted()
  const failure = results.find((result) => result.status === 'rejected')
  if (failure !== undefined) throw failed.signal.reason
}

async function readFrom(
  broker: Broker,
  topicId: string,
  partitions: readonly number[],
  { member, progress, take }: ReadOptions,
  signal: AbortSignal,
  onTaken: () => void,
  onAnswer: () => void,
): Promise<void> {
  let first = 0
  for (;;) {
    // each partition comes first in its turn, because an answer is full with what it begins with
    const order = [...partitions.slice(first), ...partitions.slice(0, first)]
    first = (first + 1) % partitions.length
    const wanted = order.map((partition) => ({ partition, offset: progress.taken.get(partition) ?? 0n }))
    const fetched = await unlessAborted(member.fetch(broker, topicId, wanted), signal)
    onAnswer()
    const taking = fetched.map(async (answer) => {
      const { partitionIndex: partition, lastStableOffset } = answer
      progress.ends.set(partition, lastStableOffset)
      const { messages, next } = visibleRecords(answer, progress.taken.get(partition) ?? 0n)
      await takeInOrder(messages, next, {
        take,
        onTaken: (before) => {
          progress.taken.set(partition, before)
          onTaken()
        },
        signal,
      })
    })
    const results = await Promise.allSettled(taking)
    signal.throwIfAborted()
    const failure = results.find((result) => result.status === 'rejected')
    if (failure !== undefined) throw failure.reason
  }
}

/** Messages that the topic removed before they were read are gone: that is said, and reading goes on behind them. */
async function skipGaps(
  { member, progress, ownership, onGap }: ReadOptions,
  signal: AbortSignal,
): Promise<void> {
  const earliest = await unlessAborted(member.earliest(), signal)
  for (const partition of ownership.partitions) {
    const first = earliest.get(partition)
    const from = progress.taken.get(partition) ?? 0n
    const end = progress.ends.get(partition)
    if (first === undefined || (from >= first && (end === undefined || from <= end))) continue
    onGap(partition, from, first)
    progress.taken.set(partition, first)
  }
}
