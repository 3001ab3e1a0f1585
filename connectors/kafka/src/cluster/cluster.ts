import {
  fetchV13,
  fetchV14,
  fetchV15,
  fetchV16,
  fetchV17,
  listOffsetsV7,
  metadataV12,
} from '@platformatic/kafka'
import { apiVersionsV3, type Broker, type Connection } from '@platformatic/kafka'
import { type ConnectionContext, sizeInBytes, unlessAborted } from '@bulkhead/connector-sdk'
import { type Config, largestFetch } from '../config.ts'
import { kafkaError } from '../errors.ts'
import { addressOf, brokerOf } from './address.ts'
import { clientError, isPassing } from './client-error.ts'
import { connectionOptions } from './client-options.ts'
import { Connections } from './connections.ts'

/** A topic as the cluster describes it. */
export interface Topic {
  readonly name: string
  readonly id: string
  readonly partitions: number
}

type FetchResponse = Awaited<ReturnType<typeof fetchV17.api.async>>

/** What a broker has of a partition from an offset on. */
export type Fetched = FetchResponse['responses'][number]['partitions'][number] & {
  readonly throttleTimeMs: number
}

/**
 * The cluster, as one run asks it. Only three requests are made, about topics, offsets and records: no consumer
 * group is joined, and nothing is committed.
 */
export interface Cluster extends AsyncDisposable {
  /** One line about what answered. */
  describe(signal: AbortSignal): Promise<string>
  /** @throws BulkheadError `kafka-topic-unknown` */
  topic(name: string, signal: AbortSignal): Promise<Topic>
  /**
   * For each partition the offset of the first record whose timestamp is not before the time in milliseconds; of
   * `earliest` the first there is, of `latest` the one after the last. -1 when there is none.
   */
  offsets(
    topic: Topic,
    time: 'earliest' | 'latest' | number,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, bigint>>
  /** Batches of records from an offset on; the first may begin before it. Waits a moment when there are none. */
  fetch(topic: Topic, partition: number, offset: bigint, signal: AbortSignal): Promise<Fetched>
}

/** How long a broker waits for a record where there is none. */
const waitMs = 250
/** How often a request is tried, at another leader where there is one now. */
const attempts = 4
const pauseMs = 250

/** Newest first; a broker older than the last is refused. */
const fetchApis = [fetchV17, fetchV16, fetchV15, fetchV14, fetchV13]
const fetchVersions = [17, 16, 15, 14, 13]
const fetchKey = 1

/** The leaders of a topic, and the id that stands for its name. */
interface Leaders {
  readonly topic: Topic
  readonly leaderOf: (partition: number) => { readonly broker: Broker; readonly epoch: number } | undefined
}

/** @throws BulkheadError what failed while connecting, and how to fix it */
export async function openCluster({ config, limits, signal }: ConnectionContext<Config>): Promise<Cluster> {
  const connections = new Connections(connectionOptions(config, limits))
  const bootstrap = config.brokers.map(brokerOf)
  const maxBytes = Math.min(largestFetch, sizeInBytes(config.fetchSize))
  const isolation = config.isolation === 'read-committed' ? 1 : 0
  const known = new Map<string, Leaders>()

  /** Where a broker is reached that says that it is at `host` and `port`. */
  const reach = ({ host, port }: Broker): Broker => {
    const instead = config.addresses[addressOf(host, port)]
    return instead === undefined ? { host, port } : brokerOf(instead)
  }

  const deadline = AbortSignal.timeout(limits.connectTimeoutMs)
  const fetchApi = await unlessAborted(
    connections.any(bootstrap).then(chooseFetch),
    AbortSignal.any([signal, deadline]),
  ).catch((error: unknown) => {
    void connections.close()
    signal.throwIfAborted()
    throw deadline.aborted && error === deadline.reason
      ? kafkaError('kafka-connect-timeout', 'No broker answered in time')
      : clientError(error, 'connect')
  })

  /** Tries again what may pass, and forgets who leads. */
  async function trying<T>(topic: string, ask: () => Promise<T>, stop: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await unlessAborted(ask(), stop)
      } catch (error) {
        stop.throwIfAborted()
        if (attempt >= attempts || !isPassing(error)) throw clientError(error, 'read')
        known.delete(topic)
        await unlessAborted(new Promise((resolve) => setTimeout(resolve, pauseMs * attempt)), stop)
      }
    }
  }

  async function metadata(topics: readonly string[]) {
    const connection = await connections.any(bootstrap)
    return metadataV12.api.async(connection, [...topics], false, false)
  }

  async function leaders(name: string): Promise<Leaders> {
    const cached = known.get(name)
    if (cached !== undefined) return cached
    const { brokers, topics } = await metadata([name])
    const found = topics[0]
    if (found === undefined)
      throw kafkaError('kafka-topic-unknown', 'The cluster has no such topic', { path: 'query.topic' })
    const addresses = new Map(brokers.map((broker) => [broker.nodeId, reach(broker)]))
    const partitions = new Map(found.partitions.map((each) => [each.partitionIndex, each]))
    const made: Leaders = {
      topic: { name, id: found.topicId, partitions: found.partitions.length },
      leaderOf(partition) {
        const { leaderId = -1, leaderEpoch = -1 } = partitions.get(partition) ?? {}
        const broker = addresses.get(leaderId)
        return broker && { broker, epoch: leaderEpoch }
      },
    }
    known.set(name, made)
    return made
  }

  async function leader(name: string, partition: number) {
    const found = (await leaders(name)).leaderOf(partition)
    if (found !== undefined) return found
    known.delete(name)
    throw kafkaError('kafka-server-error', `Partition ${partition} has no leader now`)
  }

  return {
    async describe(stop) {
      const { clusterId, brokers } = await trying('', () => metadata([]), stop)
      return `Kafka cluster ${clusterId ?? 'without id'}, ${brokers.length} brokers`
    },

    async topic(name, stop) {
      known.delete(name)
      return (await trying(name, () => leaders(name), stop)).topic
    },

    async offsets({ name, partitions }, time, stop) {
      const timestamp = time === 'earliest' ? -2n : time === 'latest' ? -1n : BigInt(time)
      const offsets = new Map<number, bigint>()
      for (let partition = 0; partition < partitions; partition++) {
        const ask = async (): Promise<bigint | undefined> => {
          const { broker, epoch } = await leader(name, partition)
          const wanted = { partitionIndex: partition, currentLeaderEpoch: epoch, timestamp }
          const connection = await connections.to(broker)
          const { topics } = await listOffsetsV7.api.async(connection, -1, isolation, [
            { name, partitions: [wanted] },
          ])
          return topics[0]?.partitions[0]?.offset
        }
        const offset = await trying(name, ask, stop)
        if (offset !== undefined) offsets.set(partition, offset)
      }
      return offsets
    },

    fetch({ name, id }, partition, offset, stop) {
      const ask = async (): Promise<Fetched> => {
        const { broker, epoch } = await leader(name, partition)
        const wanted = {
          partition,
          currentLeaderEpoch: epoch,
          fetchOffset: offset,
          lastFetchedEpoch: -1,
          partitionMaxBytes: maxBytes,
        }
        const topics = [{ topicId: id, partitions: [wanted] }]
        const connection = await connections.to(broker)
        // Session 0 with epoch -1: a full answer each time, nothing kept at the broker.
        const response = await fetchApi.async(
          connection,
          waitMs,
          1,
          maxBytes,
          isolation,
          0,
          -1,
          topics,
          [],
          '',
        )
        const answer = response.responses[0]?.partitions[0]
        if (answer === undefined)
          throw kafkaError('kafka-protocol', 'The broker answered without the partition')
        return { ...answer, throttleTimeMs: response.throttleTimeMs }
      }
      return trying(name, ask, stop)
    },

    [Symbol.asyncDispose]: () => connections.close(),
  }
}

/** The newest way to fetch that the cluster knows too. */
async function chooseFetch(connection: Connection): Promise<typeof fetchV17.api> {
  const { apiKeys } = await apiVersionsV3.api.async(connection, 'bulkhead', '1')
  // What the broker answers to everybody says nothing of the login.
  await metadataV12.api.async(connection, [], false, false)
  const newest = apiKeys.find(({ apiKey }) => apiKey === fetchKey)?.maxVersion ?? 0
  const chosen = fetchApis[fetchVersions.findIndex((version) => version <= newest)]
  if (chosen === undefined) throw kafkaError('kafka-protocol', 'The broker is older than Kafka 3.1')
  return chosen.api
}
