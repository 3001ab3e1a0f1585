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

  const first = await pool.acquire(ends)
  if (first.reported('server_encoding') === 'SQL_ASCII')
    log.warn(
      'The database has no encoding (SQL_ASCII): its text is passed on as it is, even when it is not UTF-8',
    )
  pool.release(first)

  return {
    async check(signal: AbortSignal): Promise<string> {
      const session = await pool.acquire(signal)
      try {
        await stoppable(session, signal, () => session.run([{ run: 'SELECT 1' }])).catch((error: unknown) => {
          throw queryError(error, { kind: 'rows' }, { elapsedMs: 0, queryTimeoutMs: limits.queryTimeoutMs })
        })
        const encrypted = target.tls === undefined ? 'not encrypted' : 'encrypted'
        return `PostgreSQL ${session.reported('server_version')} at ${config.host}:${config.port}, database ${config.database}, user ${config.user}, ${encrypted}`
      } finally {
        pool.release(session)
      }
    },

    async prepare(read: ReadRequest, signal: AbortSignal): Promise<Extract> {
      const session = await pool.acquire(signal)
      try {
        const prepared = await stoppable(session, signal, () => prepareRead(session, config, limits, read))
        return createExtract(session, prepared, read, limits.queryTimeoutMs, () => pool.release(session))
      } catch (error) {
        // Its transaction is open, and perhaps failed.
        await session.end()
        pool.release(session)
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
