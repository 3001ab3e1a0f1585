import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionContext, Extract, ReadRequest, Source } from '@bulkhead/connector-sdk'
import type { MongoClient } from 'mongodb'
import type { Config } from './config.ts'
import { tlsModeOf } from './config.ts'
import { createExtract, type ReadConnection } from './extract.ts'
import { checkRead, prepareRead } from './prepare-read.ts'
import { ClientPool } from './server/client-pool.ts'
import { closeClient } from './server/connect.ts'
import { queryTimeout, serverError } from './server/server-error.ts'

/** How long the server may take to forget cursors; then their connections are ended. */
const killMs = 1_500

/** Allowed to everyone who has logged in, and to nobody where a login is needed. */
const listing = { listCollections: 1, nameOnly: true, authorizedCollections: true }

/** Connects, so that wrong settings fail at once; the first read uses this client. */
export async function openSource(context: ConnectionContext<Config>): Promise<Source> {
  const { config, limits, signal: ends } = context
  const pool = new ClientPool(context)
  const close = (): void => void pool[Symbol.asyncDispose]()
  ends.addEventListener('abort', close, { once: true })
  const scope = { config, queryTimeoutMs: limits.queryTimeoutMs, parameterTexts: [] }
  try {
    await pool.release(await pool.acquire(1, ends), true)
  } catch (error) {
    ends.removeEventListener('abort', close)
    await pool[Symbol.asyncDispose]()
    throw error
  }

  return {
    async check(signal: AbortSignal): Promise<string> {
      const lease = await pool.acquire(1, signal)
      const database = lease.client.db(config.database)
      try {
        const info = await stoppable(lease.client, signal, async () => {
          await database.command(listing, { signal })
          return database.command({ buildInfo: 1 }, { signal })
        })
        const version = String(info['version']).slice(0, 40)
        const encrypted = tlsModeOf(config) === 'disable' ? 'not encrypted' : 'encrypted'
        const user = config.user === undefined ? 'no user' : `user ${config.user}`
        return `MongoDB ${version} at ${config.hosts.join(', ')}, database ${config.database}, ${user}, ${encrypted}`
      } catch (error) {
        signal.throwIfAborted()
        throw serverError(error, 'reading', scope)
      } finally {
        await pool.release(lease, !signal.aborted)
      }
    },

    async prepare(read: ReadRequest, signal: AbortSignal): Promise<Extract> {
      signal.throwIfAborted()
      checkForm(read)
      const checked = checkRead(config, limits, read)
      const lease = await pool.acquire(checked.connections, signal)
      const deadline = new AbortController()
      const timer = setTimeout(
        () => deadline.abort(queryTimeout(limits.queryTimeoutMs)),
        limits.queryTimeoutMs,
      )
      const either = AbortSignal.any([signal, deadline.signal])
      const release = async (clean: boolean): Promise<void> => {
        clearTimeout(timer)
        await pool.release(lease, clean)
      }
      try {
        const prepared = await stoppable(lease.client, either, () =>
          prepareRead(lease.client.db(config.database), checked, read, either),
        )
        const connection: ReadConnection = {
          signal: deadline.signal,
          release,
          async stop() {
            // Cursors first, by a connection that is free; then whatever is still at work.
            const closing = prepared.cursors.map((cursor) => cursor.close().catch(() => undefined))
            await Promise.race([Promise.all(closing), sleep(killMs, undefined, { ref: false })])
            await closeClient(lease.client)
          },
        }
        return createExtract(connection, checked, prepared, read)
      } catch (error) {
        await release(false)
        either.throwIfAborted()
        throw serverError(error, 'reading', checked.scope)
      }
    },

    async [Symbol.asyncDispose](): Promise<void> {
      ends.removeEventListener('abort', close)
      await pool[Symbol.asyncDispose]()
    },
  }
}

/** What could only be asked by a fault in the platform. */
function checkForm({ form, output }: ReadRequest): void {
  if (form === 'columns' || (form === 'bytes' && output.format === 'jsonl')) return
  throw new TypeError(`MongoDB yields no ${output.format} in the form ${form}`)
}

/** Ends the client, and with it what the server does for it, when the signal aborts; then throws its reason. */
async function stoppable<T>(client: MongoClient, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  let stopping: Promise<void> | undefined
  const stop = (): void => {
    stopping = closeClient(client)
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
