/**
 * The part of the client that prepares a statement without running it: the only way to learn the types
 * of its parameters. It is no public interface, which is why the version of the client is exact, and
 * why a test against a real server holds it.
 */
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
