import { Consumer } from '@platformatic/kafka'
import { unlessAborted } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { clientOptions, type KafkaConnection } from '@bulkhead/engine/kafka/connection'
import {
  type Broker,
  type Brokers,
  connectBrokers,
  type Membership,
  type WantedPartition,
} from './brokers.ts'
import type { FetchedPartition } from './brokers.ts'

/** What this member owns, until the group is divided anew. */
export interface Ownership {
  readonly membership: Membership
  readonly partitions: readonly number[]
  /** Aborts when it is over. */
  readonly signal: AbortSignal
}

export interface Layout {
  /** Another when the topic was deleted and made again. */
  readonly topicId: string
  readonly leaders: ReadonlyMap<number, Broker>
}

/** A member of a consumer group (classic protocol) that reads one topic. */
export interface GroupMember extends AsyncDisposable {
  /** Hands over what is owned, each time that it changes. @throws what ends the membership */
  owned(signal: AbortSignal): AsyncGenerator<Ownership>
  layout(): Promise<Layout>
  /** What the group has committed; undefined: nothing yet. */
  committed(partitions: readonly number[]): Promise<ReadonlyMap<number, bigint | undefined>>
  /** The first offset of each partition that is still there. */
  earliest(): Promise<ReadonlyMap<number, bigint>>
  /** Broken off by the end of the ownership: the broker refuses a member of an older generation. */
  commit(ownership: Ownership, offsets: readonly WantedPartition[]): Promise<void>
  fetch(
    broker: Broker,
    topicId: string,
    partitions: readonly WantedPartition[],
  ): Promise<readonly FetchedPartition[]>
}

const rebalanceMs = 20_000
/** Several fit into a session, whatever its length. */
const longestHeartbeatMs = 1500
const leaveMs = 3000
const earliestOffset = -2n

export function joinGroup(connection: KafkaConnection, group: string, topic: string): GroupMember {
  const consumer = new Consumer({
    ...clientOptions(connection),
    // others join at the same moment: what they disturb is tried again
    retries: 8,
    groupId: group,
    // a member that is not heard of for so long is dead, and what it had goes to others
    sessionTimeout: connection.sessionMs,
    rebalanceTimeout: Math.max(rebalanceMs, connection.sessionMs),
    heartbeatInterval: Math.min(longestHeartbeatMs, connection.sessionMs / 4),
    autocommit: false,
  })
  const brokers: Brokers = connectBrokers(connection)
  const broken = Promise.withResolvers<never>()
  broken.promise.catch(() => undefined)
  const end = (error: Error): void => {
    broken.reject(error)
    current?.end.abort(error)
  }
  consumer.on('error', end)
  consumer.on('consumer:heartbeat:stalled', ({ lastError }) =>
    end(lastError ?? fault('cluster-unavailable', 'The Kafka cluster does not hear this server')),
  )

  let current: (Ownership & { readonly end: AbortController }) | undefined
  let changed = Promise.withResolvers<void>()
  consumer.on('consumer:group:join', ({ memberId, generationId = 0, assignments = [] }) => {
    current?.end.abort(new Error('The group was divided anew'))
    const end = new AbortController()
    const own = assignments.find((assignment) => assignment.topic === topic)
    current = {
      membership: { group, member: memberId, generation: generationId },
      partitions: own?.partitions ?? [],
      signal: end.signal,
      end,
    }
    changed.resolve()
  })
  consumer.on('consumer:group:rebalance', () => current?.end.abort(new Error('The group is divided anew')))

  async function coordinator(): Promise<Broker> {
    const id = await consumer.findGroupCoordinator()
    const { brokers: known } = await consumer.metadata({ topics: [topic] })
    return known.get(id) ?? lost(`The coordinator of the group is not known`)
  }

  return {
    async *owned(signal) {
      consumer.topics.track(topic)
      await unlessAborted(Promise.race([consumer.joinGroup({}), broken.promise]), signal)
      for (;;) {
        await unlessAborted(Promise.race([changed.promise, broken.promise]), signal)
        changed = Promise.withResolvers()
        if (current !== undefined && !current.signal.aborted) yield current
      }
    },
    async layout() {
      const metadata = await consumer.metadata({ topics: [topic], forceUpdate: true })
      const found = metadata.topics.get(topic)
      if (found === undefined) throw fault('topic-unknown', `The Kafka cluster has no topic "${topic}"`)
      const leaders = found.partitions.flatMap(({ leader }, partition) => {
        const broker = metadata.brokers.get(leader)
        return broker === undefined ? [] : [[partition, broker] as const]
      })
      return { topicId: found.id, leaders: new Map(leaders) }
    },
    async committed(partitions) {
      const offsets = await consumer.listCommittedOffsets({
        topics: [{ topic, partitions: [...partitions] }],
      })
      const ofTopic = offsets.get(topic) ?? []
      return new Map(
        partitions.map((partition) => {
          const offset = ofTopic[partition] ?? -1n
          return [partition, offset < 0n ? undefined : offset]
        }),
      )
    },
    async earliest() {
      const offsets = await consumer.listOffsets({ topics: [topic], timestamp: earliestOffset })
      return new Map((offsets.get(topic) ?? []).map((offset, partition) => [partition, offset]))
    },
    async commit({ membership, signal }, offsets) {
      signal.throwIfAborted()
      await brokers.commit(await coordinator(), membership, topic, offsets)
    },
    fetch: (broker, topicId, partitions) => brokers.fetch(broker, topicId, partitions),
    async [Symbol.asyncDispose]() {
      current?.end.abort(new Error('The group was left'))
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, leaveMs)
      })
      // it says goodbye, so that others need not wait; a broker that is silent never answers
      await Promise.race([consumer.close(true).catch(() => undefined), late])
      clearTimeout(timer)
      await brokers[Symbol.asyncDispose]()
    },
  }
}

function lost(message: string): never {
  throw fault('cluster-unavailable', message)
}
