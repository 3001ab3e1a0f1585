import { type Connection, ConnectionPool, fetchV13, offsetCommitV8 } from '@platformatic/kafka'
import { clientOptions, type KafkaConnection } from '@bulkhead/engine/kafka/connection'
import { boundBatches } from './bound-batches.ts'

boundBatches()

export interface Broker {
  readonly host: string
  readonly port: number
}

/** What a broker has of partitions, in the words of the protocol. */
export type FetchedPartition = Awaited<
  ReturnType<typeof fetchV13.api.async>
>['responses'][number]['partitions'][number]

export interface WantedPartition {
  readonly partition: number
  readonly offset: bigint
}

/** Who commits: the broker refuses whoever is no longer what this says. */
export interface Membership {
  readonly group: string
  readonly member: string
  readonly generation: number
}

/**
 * The two requests of a consumer that the client's own stream does not make as they are needed here: records of just
 * these partitions from just these offsets, with nothing fetched ahead, and a commit that an old generation cannot
 * make. Connections of their own, because a broker answers one request after the other.
 */
export interface Brokers extends AsyncDisposable {
  fetch(
    broker: Broker,
    topicId: string,
    partitions: readonly WantedPartition[],
  ): Promise<readonly FetchedPartition[]>
  commit(
    coordinator: Broker,
    by: Membership,
    topic: string,
    offsets: readonly WantedPartition[],
  ): Promise<void>
}

/** How long a broker waits for a record where there is none. */
const waitMs = 500
/** Most bytes of one answer, as they are stored; a larger batch of records comes alone (I8). */
const answerBytes = 1024 * 1024
const readCommitted = 1
const closeMs = 1000

export function connectBrokers(connection: KafkaConnection): Brokers {
  const { clientId, connectTimeout, requestTimeout, tls, tlsServerName, sasl } = clientOptions(connection)
  const pool = new ConnectionPool(clientId, {
    ...(connectTimeout !== undefined && { connectTimeout }),
    ...(requestTimeout !== undefined && { requestTimeout }),
    ...(tls !== undefined && { tls }),
    ...(tlsServerName !== undefined && { tlsServerName }),
    ...(sasl !== undefined && { sasl }),
  })
  const open = new Set<Connection>()
  pool.on('connecting', ({ connection: made }) => void open.add(made))
  pool.on('disconnect', ({ connection: ended }) => void open.delete(ended))

  return {
    async fetch(broker, topicId, partitions) {
      const answer = await fetchV13.api.async(
        await pool.get(broker),
        waitMs,
        1,
        answerBytes,
        readCommitted,
        // no session: a full answer each time, nothing kept at the broker
        0,
        -1,
        [
          {
            topicId,
            partitions: partitions.map(({ partition, offset }) => ({
              partition,
              currentLeaderEpoch: -1,
              fetchOffset: offset,
              lastFetchedEpoch: -1,
              partitionMaxBytes: answerBytes,
            })),
          },
        ],
        [],
        '',
      )
      return answer.responses.flatMap((topic) => topic.partitions)
    },
    async commit(coordinator, { group, member, generation }, topic, offsets) {
      const partitions = offsets.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: -1,
        committedMetadata: null,
      }))
      await offsetCommitV8.api.async(await pool.get(coordinator), group, generation, member, null, [
        { name: topic, partitions },
      ])
    },
    async [Symbol.asyncDispose]() {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, closeMs)
      })
      // it says goodbye first, which a broker that is silent never answers
      await Promise.race([pool.close().catch(() => undefined), late])
      clearTimeout(timer)
      for (const { socket } of open) (socket as typeof socket | undefined)?.destroy()
    },
  }
}
