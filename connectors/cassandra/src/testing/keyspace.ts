import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import { Client, type types } from 'cassandra-driver'
import { createKeyspace, withCassandra } from '../../../../test/support/cassandra.ts'

/** A keyspace of its own for a test file, and settings of a connection to it. */
export interface TestKeyspace {
  readonly config: {
    readonly contactPoints: readonly string[]
    readonly port: number
    readonly datacenter: string
    readonly keyspace: string
    readonly user?: string
    readonly password?: string
  }
  readonly keyspace: string
  /** Runs one statement, as an administrator; its parameters are `?`. */
  readonly execute: (cql: string, values?: readonly unknown[]) => Promise<types.ResultSet>
  /** Whether the cluster asks for passwords. */
  readonly hasPasswords: boolean
}

/** Makes an empty keyspace, and drops it when the file is over. */
export async function openKeyspace(): Promise<TestKeyspace> {
  const server = await createKeyspace({ after })
  const { keyspace, ...cluster } = server
  const { contactPoints, port, datacenter, username, password = '' } = cluster
  const client = new Client({
    contactPoints: [...contactPoints],
    protocolOptions: { port },
    localDataCenter: datacenter,
    keyspace,
    socketOptions: { readTimeout: 60_000 },
    encoding: { useBigIntAsLong: true },
    ...(username === undefined ? {} : { credentials: { username, password } }),
  })
  await client.connect()
  after(() => client.shutdown())
  const reader = username === undefined ? undefined : await createReader(client, keyspace)
  if (reader !== undefined)
    after(() =>
      // the keyspace may be gone already
      withCassandra(cluster, (admin) => admin.execute(`DROP ROLE ${reader.user}`)).then(() => undefined),
    )
  return {
    config: { contactPoints, port, datacenter, ...reader, keyspace },
    keyspace,
    execute: (cql, values = []) => client.execute(cql, [...values], { prepare: values.length > 0 }),
    hasPasswords: reader !== undefined,
  }
}

/** A role with the rights that the README asks for, and no others. */
async function createReader(client: Client, keyspace: string): Promise<{ user: string; password: string }> {
  const reader = { user: `${keyspace}_reader`, password: randomBytes(12).toString('base64url') }
  await client.execute(`CREATE ROLE ${reader.user} WITH PASSWORD = '${reader.password}' AND LOGIN = true`)
  await client.execute(`GRANT SELECT ON KEYSPACE ${keyspace} TO ${reader.user}`)
  return reader
}
