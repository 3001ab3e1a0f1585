import {
  type ConnectionContext,
  type Extract,
  type ReadRequest,
  type Source,
  unlessAborted,
} from '@bulkhead/connector-sdk'
import type { Config } from './config.ts'
import { createExtract } from './extract.ts'
import { prepareRead } from './prepare-read.ts'
import { isEncrypted } from './session/client-options.ts'
import { openSession, type Session } from './session/session.ts'

/** Connects to the cluster, so that wrong settings fail at once. */
export async function openSource(context: ConnectionContext<Config>): Promise<Source> {
  const { config, limits, signal: ends } = context
  let session = await openSession(context)
  let reopening: Promise<void> | undefined
  const close = (): void => void session[Symbol.asyncDispose]()
  ends.addEventListener('abort', close, { once: true })

  /** The session, or a new one after the whole cluster was away: the old one looks for it ever more rarely. */
  async function connected(signal: AbortSignal): Promise<Session> {
    if (!session.isLost()) return session
    reopening ??= reopen().finally(() => (reopening = undefined))
    await unlessAborted(reopening, signal)
    return session
  }

  async function reopen(): Promise<void> {
    const fresh = await openSession(context)
    const lost = session
    session = fresh
    await lost[Symbol.asyncDispose]()
  }

  return {
    async check(signal: AbortSignal): Promise<string> {
      const current = await connected(signal)
      const { rows } = await current.page(
        'SELECT release_version, cluster_name FROM system.local',
        [],
        { rows: 1 },
        signal,
      )
      const nodes = current.client.hosts
        .values()
        .filter((host) => host.datacenter === config.datacenter).length
      const encrypted = isEncrypted(config) ? 'encrypted' : 'not encrypted'
      const user = config.user === undefined ? 'without user' : `user ${config.user}`
      return `Cassandra ${rows[0]?.['release_version']}, cluster ${JSON.stringify(rows[0]?.['cluster_name'])}, ${nodes} nodes in ${config.datacenter}, ${user}, ${encrypted}`
    },

    async prepare(read: ReadRequest, signal: AbortSignal): Promise<Extract> {
      const prepared = await prepareRead(await connected(signal), config, read, signal)
      return createExtract(prepared, read, limits.queryTimeoutMs)
    },

    async [Symbol.asyncDispose](): Promise<void> {
      ends.removeEventListener('abort', close)
      await reopening?.catch(() => undefined)
      await session[Symbol.asyncDispose]()
    },
  }
}
