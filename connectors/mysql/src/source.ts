import type { ConnectionContext, Extract, ReadRequest, Source } from '@bulkhead/connector-sdk'
import type { Config } from './config.ts'
import { createExtract } from './extract.ts'
import { prepareRead } from './prepare-read.ts'
import { queryError } from './query/query-error.ts'
import { passwordOf } from './session/password.ts'
import { SessionPool } from './session/session-pool.ts'
import type { Session } from './session/session.ts'
import { targetOf } from './session/target.ts'

/** Connects, so that wrong settings fail at once; the first read uses this connection. */
export async function openSource(context: ConnectionContext<Config>): Promise<Source> {
  const { config, limits, log, signal: ends } = context
  const target = targetOf(config, passwordOf(config, process.env))
  const pool = new SessionPool(target, context)
  const close = (): void => void pool[Symbol.asyncDispose]()
  ends.addEventListener('abort', close, { once: true })
  pool.release(await pool.acquire(ends))

  return {
    async check(signal: AbortSignal): Promise<string> {
      const connected = await pool.acquire(signal)
      try {
        const { session, greeting } = connected
        await stoppable(session, signal, () => session.ping()).catch((error: unknown) => {
          throw queryError(error, 'settings', limits.queryTimeoutMs)
        })
        const encrypted = target.tls === undefined ? 'not encrypted' : 'encrypted'
        const name = greeting.version.includes('MariaDB') ? '' : 'MySQL '
        return `${name}${greeting.version} at ${config.host}:${config.port}, database ${config.database}, user ${config.user}, ${encrypted}`
      } finally {
        pool.release(connected)
      }
    },

    async prepare(read: ReadRequest, signal: AbortSignal): Promise<Extract> {
      const connected = await pool.acquire(signal)
      const { session } = connected
      try {
        const prepared = await stoppable(session, signal, () =>
          prepareRead(connected, config, { limits, read }),
        )
        const { queryTimeoutMs } = limits
        return createExtract(session, prepared, {
          read,
          queryTimeoutMs,
          log,
          release: () => pool.release(connected),
        })
      } catch (error) {
        // Its transaction is open, and perhaps a query runs.
        await session.end()
        pool.release(connected)
        throw error
      }
    },

    async [Symbol.asyncDispose](): Promise<void> {
      ends.removeEventListener('abort', close)
      await pool[Symbol.asyncDispose]()
    },
  }
}

/** Ends the session, at the server too, when the signal aborts; then throws its reason. */
async function stoppable<T>(session: Session, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  let stopping: Promise<void> | undefined
  const stop = (): void => {
    stopping = session.end()
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await action()
  } finally {
    signal.removeEventListener('abort', stop)
    await stopping
    signal.throwIfAborted()
  }
}
