import type { ConnectionContext, Extract, ReadRequest, Source } from '@bulkhead/connector-sdk'
import type { Config } from './config.ts'
import { createExtract } from './extract.ts'
import { prepareRead } from './prepare-read.ts'
import { isEncrypted } from './session/client-options.ts'
import { openSession } from './session/session.ts'

/** Connects to the cluster, so that wrong settings fail at once. */
export async function openSource(context: ConnectionContext<Config>): Promise<Source> {
  const { config, limits, signal: ends } = context
  const session = await openSession(context)
  const close = (): void => void session[Symbol.asyncDispose]()
  ends.addEventListener('abort', close, { once: true })
  return {
    async check(signal: AbortSignal): Promise<string> {
      const { rows } = await session.page(
        'SELECT release_version, cluster_name FROM system.local',
        [],
        { rows: 1 },
        signal,
      )
      const nodes = session.client.hosts
        .values()
        .filter((host) => host.datacenter === config.datacenter).length
      const encrypted = isEncrypted(config) ? 'encrypted' : 'not encrypted'
      const user = config.user === undefined ? 'without user' : `user ${config.user}`
      return `Cassandra ${rows[0]?.['release_version']}, cluster ${JSON.stringify(rows[0]?.['cluster_name'])}, ${nodes} nodes in ${config.datacenter}, ${user}, ${encrypted}`
    },

    async prepare(read: ReadRequest, signal: AbortSignal): Promise<Extract> {
      return createExtract(await prepareRead(session, config, read, signal), read, limits.queryTimeoutMs)
    },

    async [Symbol.asyncDispose](): Promise<void> {
      ends.removeEventListener('abort', close)
      await session[Symbol.asyncDispose]()
    },
  }
}
