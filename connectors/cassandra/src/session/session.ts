import { Client, type QueryOptions, types } from 'cassandra-driver'
import PrepareHandler from 'cassandra-driver/lib/prepare-handler.js'
import type { ConnectionContext } from '@bulkhead/connector-sdk'
import type { Config } from '../config.ts'
import type { DriverType } from '../value/cql-type.ts'
import { clientOptions } from './client-options.ts'
import { connectError, queryError } from './driver-error.ts'
import { unlessAborted } from './unless-aborted.ts'

/** How long closing may take before the sockets are left to the end of the process. */
const closeMs = 3000

/** The client of one run: a connection to each node of the datacenter. */
export interface Session extends AsyncDisposable {
  readonly client: Client
  /** Types of the parameters of a statement, which the cluster has looked at then. */
  prepare(
    cql: string,
    signal: AbortSignal,
  ): Promise<readonly { readonly name: string; readonly type: DriverType }[]>
  /** Runs a prepared statement for one page. */
  page(
    cql: string,
    values: readonly unknown[],
    page: PageOptions,
    signal: AbortSignal,
  ): Promise<types.ResultSet>
}

export interface PageOptions {
  readonly rows: number
  /** Where the page before ended. */
  readonly state?: string
}

/** @throws BulkheadError what failed while connecting, and how to fix it */
export async function openSession({
  config,
  limits,
  application,
  signal,
}: ConnectionContext<Config>): Promise<Session> {
  const client = new Client(clientOptions(config, limits, application))
  const consistency = consistencies[config.consistency]
  const connecting = client.connect()
  try {
    await unlessAborted(connecting, signal)
  } catch (error) {
    // It may connect after it was given up, or keep its first connection although it failed.
    void connecting.then(
      () => close(client),
      () => endFirstConnection(client),
    )
    signal.throwIfAborted()
    throw connectError(error)
  }
  return {
    client,
    async prepare(cql, stop) {
      const { loadBalancing } = (client as unknown as ClientInside).options.policies
      try {
        const prepared = PrepareHandler.getPrepared(client, loadBalancing, cql, config.keyspace)
        return (await unlessAborted(prepared, stop)).meta.columns
      } catch (error) {
        stop.throwIfAborted()
        throw queryError(error)
      }
    },
    async page(cql, values, { rows, state }, stop) {
      const options: QueryOptions = {
        prepare: true,
        consistency,
        fetchSize: rows,
        autoPage: false,
        isIdempotent: true,
        ...(state === undefined ? {} : { pageState: state }),
      }
      try {
        return await unlessAborted(client.execute(cql, [...values], options), stop)
      } catch (error) {
        stop.throwIfAborted()
        throw queryError(error)
      }
    },
    [Symbol.asyncDispose]: () => close(client),
  }
}

/** What the types of the client do not show. */
interface ClientInside {
  readonly options: { readonly policies: { readonly loadBalancing: never } }
  readonly controlConnection: {
    readonly connection?: { close(done: () => void): void } | null
    shutdown(): void
  }
}

/** After a failure to connect the client has no way to end what it opened to find out about the cluster. */
function endFirstConnection(client: Client): void {
  const { controlConnection } = client as unknown as ClientInside
  controlConnection.shutdown()
  controlConnection.connection?.close(() => undefined)
}

const consistencies: Readonly<Record<Config['consistency'], types.consistencies>> = {
  ONE: types.consistencies.one,
  TWO: types.consistencies.two,
  THREE: types.consistencies.three,
  QUORUM: types.consistencies.quorum,
  ALL: types.consistencies.all,
  LOCAL_ONE: types.consistencies.localOne,
  LOCAL_QUORUM: types.consistencies.localQuorum,
  SERIAL: types.consistencies.serial,
  LOCAL_SERIAL: types.consistencies.localSerial,
}

async function close(client: Client): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeMs)
  })
  await Promise.race([client.shutdown().catch(() => undefined), late])
  clearTimeout(timer)
}
