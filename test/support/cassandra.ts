/** A keyspace of its own for a test, on a real Cassandra server. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'cassandra-driver'
import { afterwards, type Scope } from './cleanup.ts'
import { serverVariable } from './environment.ts'

/** What `BULKHEAD_TEST_CASSANDRA` holds, as JSON. */
export interface CassandraServer {
  readonly contactPoints: readonly string[]
  readonly port: number
  readonly datacenter: string
  readonly username?: string
  readonly password?: string
}

export interface TestKeyspace extends CassandraServer {
  readonly keyspace: string
}

/** Makes an empty keyspace with one replica, and drops it when the scope is over. */
export async function createKeyspace(scope: Scope): Promise<TestKeyspace> {
  const server = JSON.parse(serverVariable('cassandra')) as CassandraServer
  const keyspace = `bulkhead_test_${process.pid}_${randomBytes(4).toString('hex')}`
  const replication = `{ 'class': 'NetworkTopologyStrategy', '${server.datacenter}': 1 }`
  await withCassandra(server, (client) =>
    client.execute(`CREATE KEYSPACE ${keyspace} WITH replication = ${replication}`),
  )
  afterwards(scope, () =>
    withCassandra(server, async (client) => {
      await client.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`)
    }),
  )
  await untilThere({ ...server, keyspace })
  return { ...server, keyspace }
}

/** A busy server may answer that it has made a keyspace, and not know it a moment later. */
async function untilThere(keyspace: TestKeyspace): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await withCassandra(keyspace, async () => undefined)
    } catch (error) {
      if (tries === 20) throw error
      await sleep(500)
    }
  }
}

/** Hands a client of the server, in the keyspace where there is one, to `use`, and closes it. */
export async function withCassandra<T>(
  server: CassandraServer | TestKeyspace,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const { username, password = '' } = server
  const client = new Client({
    contactPoints: [...server.contactPoints],
    localDataCenter: server.datacenter,
    protocolOptions: { port: server.port },
    socketOptions: { readTimeout: 60_000 }, // changes of the schema may take long on a busy machine
    ...('keyspace' in server ? { keyspace: server.keyspace } : {}),
    ...(username === undefined ? {} : { credentials: { username, password } }),
  })
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.shutdown()
  }
}
