import type { ConnectionContext, Extract, ReadRequest, Source } from '@bulkhead/connector-sdk'
import { isEncrypted } from './cluster/client-options.ts'
import { openCluster } from './cluster/cluster.ts'
import type { Config } from './config.ts'
import { kafkaError } from './errors.ts'
import { createExtract } from './extract.ts'
import { topicRead } from './query/topic-query.ts'
import { partsOf } from './read/part-of-partition.ts'
import { avroReader } from './value/avro-reader.ts'
import { columnsOf } from './value/columns.ts'

/** Connects to the cluster, so that wrong settings fail at once. */
export async function openSource(context: ConnectionContext<Config>): Promise<Source> {
  const { config, limits, log, signal: ends } = context
  const cluster = await openCluster(context)
  const close = (): void => void cluster[Symbol.asyncDispose]()
  ends.addEventListener('abort', close, { once: true })
  const readAvro = avroReader(config.registry, limits.connectTimeoutMs, ends)
  return {
    async check(signal: AbortSignal): Promise<string> {
      const encrypted = isEncrypted(config) ? 'encrypted' : 'not encrypted'
      const user = config.sasl === undefined ? 'without user' : `user ${config.sasl.username}`
      return `${await cluster.describe(signal)}, ${user}, ${encrypted}`
    },

    async prepare(read: ReadRequest, signal: AbortSignal): Promise<Extract> {
      signal.throwIfAborted()
      const query = topicRead(read.query, read.parameters)
      const usesAvro = query.columns.some(
        (name) => (name === 'key' || name === 'value') && query[name] === 'avro',
      )
      if (usesAvro && config.registry === undefined)
        throw kafkaError('kafka-registry-settings', 'The connection has no schema registry to read Avro', {
          path: 'query',
        })
      const columns = columnsOf(query, readAvro)
      const topic = await cluster.topic(query.topic, signal)
      const parts = await partsOf(cluster, topic, query, (message) => log.warn(message), signal)
      return createExtract({ cluster, topic, parts, columns }, read, limits.queryTimeoutMs)
    },

    async [Symbol.asyncDispose](): Promise<void> {
      ends.removeEventListener('abort', close)
      await cluster[Symbol.asyncDispose]()
    },
  }
}
