import type { ConnectionContext } from '@bulkhead/connector-sdk'
import { MongoClient } from 'mongodb'
import type { Config } from '../config.ts'
import { type ClientTarget, clientTarget } from './client-options.ts'
import { connectError } from './connect-error.ts'

/** How long a client may take to say goodbye; then its sockets are gone anyway. */
const closeMs = 2_000

/**
 * Connects and logs in.
 *
 * The driver would ask hosts again and again until its time is over. Once every host has failed there is
 * an answer, and trying again later is the engine's affair.
 */
export async function connectClient(
  context: ConnectionContext<Config>,
  connections: number,
  signal: AbortSignal,
): Promise<MongoClient> {
  signal.throwIfAborted()
  const { config, limits } = context
  const client = newClient(clientTarget(context, connections), config)
  const { promise: stopped, reject: stop } = Promise.withResolvers<never>()
  stopped.catch(() => undefined)
  const abort = (): void => stop(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  const failed = new Set<string>()
  client.on('serverHeartbeatFailed', ({ connectionId, failure }) => {
    failed.add(connectionId)
    if (!config.srv && failed.size >= config.hosts.length) stop(failure)
  })
  try {
    await Promise.race([client.connect(), stopped])
    return client
  } catch (error) {
    await closeClient(client)
    signal.throwIfAborted()
    throw connectError(error, config, limits.connectTimeoutMs)
  } finally {
    signal.removeEventListener('abort', abort)
    client.removeAllListeners('serverHeartbeatFailed')
  }
}

function newClient({ url, options }: ClientTarget, config: Config): MongoClient {
  try {
    return new MongoClient(url, options)
  } catch (error) {
    throw connectError(error, config, 0)
  }
}

/** Ends all connections, also those at work, which ends their operations at the server. Never throws. */
export async function closeClient(client: MongoClient): Promise<void> {
  const closing = client.close().catch(() => undefined)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, closeMs)))
  await Promise.race([closing, late])
  clearTimeout(timer)
}
