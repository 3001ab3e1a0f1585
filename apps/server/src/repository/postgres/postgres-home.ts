import { setTimeout as sleep } from 'node:timers/promises'
import { fault } from '@bulkhead/contract'
import pg, { type ClientBase, type ClientConfig, type PoolClient } from 'pg'
import type { Home } from '../home.ts'
import { createListeners } from '../listeners.ts'
import type { ArgsOf, OperationName, ResultOf } from '../operations/operations.ts'
import { backUpPostgres } from './copy-postgres.ts'
import { openChangeChannel } from './change-channel.ts'
import { prepareDatabase } from './prepare-database.ts'
import { failureOf, postgresFault } from './postgres-fault.ts'
import { type Done, InDoubt, inTransaction, wasCommitted } from './transaction.ts'

export interface PostgresHomeOptions {
  readonly settings: ClientConfig
  readonly schema: string
  /** One of them listens for changes. */
  readonly connections: number
  /** Instead of the database's clock, for tests. */
  readonly clock: (() => number) | undefined
  /** After so long a call has failed. */
  readonly callMs: number
  readonly onListenerError: (error: unknown) => void
}

/** Between tries of a call: from short, for conflicts, to what an outage asks for. */
const firstPauseMs = 5
const longestPauseMs = 500

/**
 * The repository in a database that several servers share.
 *
 * A call that finds the database away, or a conflict, is made again until its time is over; one whose commit was not
 * answered asks what became of it first, so that nothing is done twice.
 *
 * @throws BulkheadError `repository-unavailable`, `repository-unusable`, `repository-newer`
 */
export async function openPostgresHome(options: PostgresHomeOptions): Promise<Home> {
  const { schema, clock, callMs } = options
  const settings: ClientConfig = { ...options.settings, query_timeout: callMs, statement_timeout: callMs }
  await prepareDatabase(options.settings, schema)

  const listeners = createListeners(options.onListenerError)
  const pool = new pg.Pool({
    ...settings,
    // what a transaction has to say at once goes out at once
    pipeline: true,
    max: options.connections - 1,
    // waited for, which its type does not say
    onConnect: prepareSession(schema) as (client: ClientBase) => void,
  })
  pool.on('error', () => undefined)
  const channel = openChangeChannel(options.settings, pool, `bulkhead_${schema}`, (changes) =>
    listeners.tell(changes),
  )
  const outage = createOutage()
  let closed = false

  async function call<Name extends OperationName>(name: Name, args: ArgsOf<Name>): Promise<ResultOf<Name>> {
    if (closed) throw fault('repository-unavailable', 'The repository is closed')
    outage.note(name, args)
    // who could not renew for a while is not judged by it
    const leaseMs = name === 'recover' ? outage.leaseToProlong() : undefined
    if (leaseMs !== undefined) {
      await carryOut('prolongAll', leaseMs)
      outage.prolonged()
    }
    const { result, changes } = await carryOut(name, args)
    if (changes.size > 0) {
      listeners.tell(changes)
      channel.tellOthers(changes)
    }
    return result as ResultOf<Name>
  }

  async function carryOut(name: OperationName, args: unknown): Promise<Done> {
    const deadline = performance.now() + callMs
    let doubt: InDoubt | undefined
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const done = await onClient(deadline, async (client) => {
          if (doubt !== undefined) {
            const committed = await wasCommitted(client, doubt.transaction)
            if (committed === undefined) throw doubt
            if (committed) return doubt.done
            doubt = undefined
          }
          return await inTransaction(client, name, args, clock?.())
        })
        outage.answered()
        return done
      } catch (error) {
        if (error instanceof InDoubt) doubt = error
        const cause = error instanceof InDoubt ? error.cause : error
        const failure = failureOf(cause)
        if (failure === 'final') throw postgresFault(cause)
        if (failure === 'reconnect') outage.failed()
        if (performance.now() + pauseMs >= deadline) throw postgresFault(cause)
        await sleep(pauseMs * (0.5 + Math.random() / 2))
      }
    }
  }

  /** A connection that broke, or that is busy with what nobody waits for any more, is not used again. */
  async function onClient<T>(deadline: number, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await before(deadline, pool.connect(), (late) => late.release())
    let broken = false
    try {
      return await before(deadline, work(client))
    } catch (error) {
      // what else fails was rolled back
      broken = error instanceof InDoubt || failureOf(error) === 'reconnect'
      throw error
    } finally {
      // ends a statement that is still under way
      client.release(broken)
    }
  }

  return {
    call,
    async check() {
      const deadline = performance.now() + callMs
      // not behind the calls of whoever floods this server, which say nothing of the database (I7)
      const own = channel.connection()
      const version = own && (await before(deadline, versionOf(own)).catch(() => undefined))
      return (
        version ??
        (await onClient(deadline, versionOf).catch((error: unknown) => {
          throw postgresFault(error)
        }))
      )
    },
    backup: (path) => backUpPostgres(options.settings, schema, path),
    onChange: (listener) => listeners.add(listener),
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      await channel[Symbol.asyncDispose]()
      await pool.end()
    },
  }
}

function prepareSession(schema: string): (client: ClientBase) => Promise<void> {
  return async (client) => {
    // told by the query that it breaks, too
    client.on('error', () => undefined)
    await client.query(
      `SET search_path TO ${pg.escapeIdentifier(schema)};
       SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`,
    )
  }
}

async function versionOf(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ version: string; database: string }>(
    `SELECT current_setting('server_version') AS version, current_database() AS database`,
  )
  return `PostgreSQL ${rows[0]?.version ?? ''}, database ${rows[0]?.database ?? ''}`
}

/** @param late  what becomes of a result that comes too late */
async function before<T>(deadline: number, work: Promise<T>, late?: (result: T) => void): Promise<T> {
  const { promise: timeout, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), Math.max(0, deadline - performance.now()))
  try {
    const first = await Promise.race([work.then((result) => ({ result })), timeout])
    if (first !== undefined) return first.result
    work.then(late, () => undefined)
    throw new Error('timeout: the call took too long')
  } finally {
    clearTimeout(timer)
  }
}

interface Outage {
  /** Learns how long leases are from those who take them. */
  note(name: OperationName, args: unknown): void
  failed(): void
  answered(): void
  /** What every lease is prolonged by, when there was an outage that leases may have run out in. */
  leaseToProlong(): number | undefined
  prolonged(): void
}

function createOutage(): Outage {
  let leaseMs: number | undefined
  let since: number | undefined
  let owed = false
  return {
    note(name, args) {
      if (name === 'claim' || name === 'renew') leaseMs = (args as { readonly leaseMs: number }).leaseMs
    },
    failed() {
      since ??= performance.now()
    },
    answered() {
      if (since === undefined) return
      owed ||= performance.now() - since > (leaseMs ?? 0) / 4
      since = undefined
    },
    leaseToProlong: () => (owed || since !== undefined ? leaseMs : undefined),
    prolonged() {
      owed = false
    },
  }
}
