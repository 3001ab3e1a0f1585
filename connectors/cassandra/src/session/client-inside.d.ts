/**
 * Parts of the client that are no public interface, which is why its version is exact, and why tests against a
 * real server hold them.
 */

/** Prepares a statement without running it: the only way to learn the types of its parameters. */
declare module 'cassandra-driver/lib/prepare-handler.js' {
  import type { Client, policies } from 'cassandra-driver'

  const PrepareHandler: {
    getPrepared(
      client: Client,
      loadBalancing: policies.loadBalancing.LoadBalancingPolicy,
      query: string,
      keyspace: string | undefined,
    ): Promise<{
      readonly meta: {
        readonly columns: readonly {
          readonly name: string
          readonly type: { readonly code: number; readonly info?: unknown }
        }[]
      }
    }>
  }
  export default PrepareHandler
}

/** One connection to a node: the only place through which all of them go. */
declare module 'cassandra-driver/lib/connection.js' {
  import type { Socket } from 'node:net'

  class Connection {
    /** Those of its client, the very object. */
    readonly options: object
    readonly netClient?: Socket
    /** Whether the node has said hello, and not goodbye. */
    readonly connected: boolean
    /** Fails all that was asked and not answered. */
    clearAndInvokePending(): void
    open(opened: (error?: Error) => void): void
    close(closed: () => void): void
  }
  export default Connection
}
