import { Client, type QueryOptions, types } from 'cassandra-driver'
import PrepareHandler from 'cassandra-driver/lib/prepare-handler.js'
import { type ConnectionContext, unlessAborted } from '@bulkhead/connector-sdk'
import type { Config } from '../config.ts'
import type { DriverType } from '../value/cql-type.ts'
import { closerOf } from './close-client.ts'
import { cassandraError } from '../errors.ts'
import { clientOptions } from './client-options.ts'
import { connectError, queryError } from './driver-error.ts'

/** The client of one run: a connection to each node of the datacenter. */
export interface Session extends AsyncDisposable {
  readonly client: Client
  /** Whether no node of the datacenter is known to be up. */
  isLost(): boolean
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
  const close = closerOf(client)
  const connecting = client.connect()
  const deadline = AbortSignal.timeout(limits.connectTimeoutMs)
  try {
    await unlessAborted(connecting, AbortSignal.any([signal, deadline]))
  } catch (error) {
    // It may have opened something although it failed, or be opening it now.
    void close()
    signal.throwIfAborted()
    // The client has a timeout for each node that it tries, and none for all of them.
    throw deadline.aborted && error === deadline.reason
      ? cassandraError('cassandra-connect-timeout', 'The cluster did not answer in time')
      : connectError(error)
  }
  return {
    client,
    isLost: () =>
      client.hosts.values().every((host) => host.datacenter !== config.datacenter || !host.isUp()),
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
    [Symbol.asyncDispose]: close,
  }
}

/** What the types of the client do not show. */
interface ClientInside {
  readonly options: { readonly policies: { readonly loadBalancing: never } }
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
