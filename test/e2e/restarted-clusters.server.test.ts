/** As `restarted-servers`, for servers that take longer to start: some ten seconds, three times each, a minute and a half in all. */
import { test } from 'node:test'
import { checkRestart } from '@bulkhead/connector-sdk/testing'
import { Client } from 'cassandra-driver'
import cassandra from '../../connectors/cassandra/src/index.ts'
import opensearch from '../../connectors/opensearch/src/index.ts'
import { startCassandra } from '../../scripts/services/cassandra.ts'
import { startOpensearch } from '../../scripts/services/opensearch.ts'
import { request, type OpenSearchServer } from '../support/opensearch-request.ts'
import { ownServer, restarting } from './own-server.ts'

const ROWS = 3_000
const filler = 'x'.repeat(10_000)

test('OpenSearch: a read fails as an outage, and the next one on its connection works', async (t) => {
  const server = await ownServer(t, startOpensearch)
  if (server === undefined) return
  const node = JSON.parse(server.value) as OpenSearchServer
  await request(node, 'PUT', '/large', {
    settings: { number_of_replicas: 0 },
    mappings: {
      properties: { i: { type: 'integer' }, text: { type: 'keyword', index: false, doc_values: false } },
    },
  })
  for (let from = 0; from < ROWS; from += 500) {
    const lines = Array.from(
      { length: 500 },
      (_, i) => `{"index":{}}\n{"i":${from + i},"text":"${filler}"}\n`,
    )
    await request(node, 'POST', '/large/_bulk', lines.join(''))
  }
  await request(node, 'POST', '/large/_refresh')
  await checkRestart({
    connector: opensearch,
    config: { nodes: [node.url], attempts: 2 },
    large: { query: { index: 'large', sort: [{ i: 'asc' }], pageSize: 200 } },
    ...restarting(server, 'SIGKILL'),
    interrupted: { code: 'opensearch-unreachable' },
  })
})

test('Cassandra: a read fails as an outage, and the next one on its connection works', async (t) => {
  const server = await ownServer(t, startCassandra)
  if (server === undefined) return
  const { contactPoints, port, datacenter, username, password } = JSON.parse(server.value) as {
    readonly contactPoints: string[]
    readonly port: number
    readonly datacenter: string
    readonly username: string
    readonly password: string
  }
  const client = new Client({
    contactPoints,
    localDataCenter: datacenter,
    protocolOptions: { port },
    credentials: { username, password },
    socketOptions: { readTimeout: 60_000 },
  })
  await client.execute(
    "CREATE KEYSPACE shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
  )
  await client.execute('CREATE TABLE shop.large (bucket int, i int, text text, PRIMARY KEY (bucket, i))')
  const insert = 'INSERT INTO shop.large (bucket, i, text) VALUES (?, ?, ?)'
  for (let from = 0; from < ROWS; from += 100)
    await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        client.execute(insert, [i % 7, from + i, filler], { prepare: true }),
      ),
    )
  await client.shutdown()
  await checkRestart({
    connector: cassandra,
    config: { contactPoints, port, datacenter, keyspace: 'shop', user: username, password },
    large: { query: 'SELECT * FROM large' },
    ...restarting(server, 'SIGTERM'), // it writes down what it has, its own tables too
    interrupted: { code: 'cassandra-connection-lost' },
  })
})
