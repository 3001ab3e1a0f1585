import { hostileTexts, settingsRecords, sourceKit } from '@bulkhead/connector-sdk/testing'
import cassandra from './index.ts'
import { openKeyspace } from './testing/keyspace.ts'
import { createTypeCases } from './testing/type-cases.ts'

const server = await openKeyspace()
const { config, execute } = server
await execute(
  'CREATE TABLE person (team text, id int, name text, born date, balance decimal, tags list<text>, PRIMARY KEY (team, id))',
)
await execute(
  `INSERT INTO person (team, id, name, born, balance, tags) VALUES ('x', 1, 'Ada', '1815-12-10', 1.10, ['a', 'b'])`,
)
await execute(`INSERT INTO person (team, id, name, born) VALUES ('x', 2, 'Grace, "H."', '1906-12-09')`)
await execute(`INSERT INTO person (team, id, name, balance) VALUES ('x', 3, '', -0.05)`)
await execute('CREATE TABLE said (text text PRIMARY KEY)')
for (const text of ['é', ...hostileTexts.map((hostile) => hostile.text)])
  await execute('INSERT INTO said (text) VALUES (?)', [text])
await execute('CREATE TABLE large (bucket int, at int, data text, PRIMARY KEY (bucket, at))')
const data = 'x'.repeat(10_000)
for (let at = 0; at < 3600; at += 100) {
  await Promise.all(
    Array.from({ length: 100 }, (_, offset) =>
      execute('INSERT INTO large (bucket, at, data) VALUES (?, ?, ?)', [
        (at + offset) % 7,
        at + offset,
        data,
      ]),
    ),
  )
}

async function people(): Promise<number> {
  return (await execute('SELECT id FROM person')).rows.length
}

sourceKit({
  connector: cassandra,
  config,
  async system() {
    const { rows } = await execute('SELECT release_version FROM system.local')
    return `Cassandra ${rows[0]?.['release_version']}`
  },
  wrongPassword: server.hasPasswords
    ? { config: (password) => ({ ...config, password }), code: 'cassandra-login-refused' }
    : { cannot: 'The cluster of the tests asks for no password' },
  network: {
    host: config.contactPoints[0] ?? '',
    port: config.port,
    at: ({ host, port }) => ({ ...config, contactPoints: [host], port }),
  },
  settings: settingsRecords(new URL('../settings/', import.meta.url)),
  types: await createTypeCases(server),
  changing: { cannot: 'It reads what is there: Cassandra has no snapshots' },
  atWork: { cannot: 'The protocol of Cassandra cannot cancel; a node works on a page until its own timeout' },
  wrongConfigs: [
    { title: 'no contact point', config: { ...config, contactPoints: [] } },
    { title: 'a port that is none', config: { ...config, port: 70_000 } },
    { title: 'nobody there', config: { ...config, port: 1 }, code: 'cassandra-unreachable' },
    {
      title: 'a datacenter that the cluster does not have',
      config: { ...config, datacenter: 'elsewhere' },
      code: 'cassandra-datacenter-unknown',
    },
    {
      title: 'a missing keyspace',
      config: { ...config, keyspace: 'nowhere' },
      code: 'cassandra-keyspace-unknown',
    },
  ],
  cases: [
    {
      title: 'a partition',
      query: `SELECT * FROM person WHERE team = 'x'`,
      fields: [
        { name: 'team', type: { kind: 'text' } },
        { name: 'id', type: { kind: 'integer', bits: 32 } },
        { name: 'balance', type: { kind: 'decimal' } },
        { name: 'born', type: { kind: 'date' } },
        { name: 'name', type: { kind: 'text' } },
        { name: 'tags', type: { kind: 'json' } },
      ],
      rows: [
        { team: 'x', id: 1, balance: '1.10', born: '1815-12-10', name: 'Ada', tags: '["a","b"]' },
        { team: 'x', id: 2, balance: null, born: '1906-12-09', name: 'Grace, "H."', tags: null },
        { team: 'x', id: 3, balance: '-0.05', born: null, name: '', tags: null },
      ],
    },
    {
      title: 'parameters',
      query: 'SELECT id, name FROM person WHERE team = :team AND id IN :ids AND born > :born ALLOW FILTERING',
      parameters: { team: 'x', ids: [1, 2], born: '1900-01-01' },
      rows: [{ id: 2, name: 'Grace, "H."' }],
    },
    {
      title: 'a table',
      query: { table: 'person', columns: ['name', 'id'] },
      rows: [
        { name: 'Ada', id: 1 },
        { name: 'Grace, "H."', id: 2 },
        { name: '', id: 3 },
      ],
    },
    {
      title: 'a table with conditions',
      query: {
        table: 'person',
        columns: ['id'],
        where: { id: { gte: { $param: 'from' } }, born: '1906-12-09' },
      },
      parameters: { from: 2 },
      rows: [{ id: 2 }],
    },
  ],
  textParameters: [
    { title: 'a partition', query: 'SELECT id FROM person WHERE team = :team', parameters: { team: 'x' } },
    {
      title: 'a list of partitions',
      query: 'SELECT id FROM person WHERE team IN :teams',
      parameters: { teams: ['x'] },
    },
    {
      title: 'a condition',
      query: 'SELECT id FROM person WHERE name = :name ALLOW FILTERING',
      parameters: { name: 'Ada' },
    },
    {
      title: 'a date',
      query: 'SELECT id FROM person WHERE born = :born ALLOW FILTERING',
      parameters: { born: '1815-12-10' },
    },
    {
      title: 'a condition of an object',
      query: { table: 'person', columns: ['id'], where: { name: { $param: 'name' } } },
      parameters: { name: 'Ada' },
    },
    {
      title: 'a list of an object',
      query: {
        table: 'person',
        columns: ['id'],
        where: { id: { gte: 0 }, name: { in: { $param: 'names' } } },
      },
      parameters: { names: ['Ada'] },
    },
    {
      title: 'a text that is stored',
      query: 'SELECT text FROM said WHERE text = :text',
      parameters: { text: 'é' },
      echo: ({ text }) => text,
    },
  ],
  wrongQueries: [
    { title: 'no CQL', query: 'SELECT 1 FROM WHERE', code: 'cassandra-query-invalid' },
    { title: 'an unknown table', query: 'SELECT * FROM peple', code: 'cassandra-query-invalid' },
    { title: 'an unknown table of an object', query: { table: 'peple' }, code: 'cassandra-query-invalid' },
    {
      title: 'an unknown column of an object',
      query: { table: 'person', columns: ['nam'] },
      code: 'cassandra-query-invalid',
    },
    {
      title: 'two statements',
      query: 'SELECT id FROM person; SELECT id FROM person',
      code: 'cassandra-not-a-query',
    },
    { title: 'a write', query: 'TRUNCATE person', code: 'cassandra-write-refused' },
    {
      title: 'a filter without index',
      query: `SELECT * FROM person WHERE name = 'Ada'`,
      code: 'cassandra-query-invalid',
    },
    {
      title: 'a marker without name',
      query: 'SELECT * FROM person WHERE team = ?',
      code: 'cassandra-positional-parameter',
    },
    { title: 'an object without table', query: { columns: ['id'] }, code: 'cassandra-not-a-query' },
    {
      title: 'an unknown operator',
      query: { table: 'person', where: { id: { like: 1 } } },
      code: 'cassandra-not-a-query',
    },
    {
      title: 'the partition key as a condition',
      query: { table: 'person', where: { team: 'x' } },
      code: 'cassandra-query-invalid',
    },
  ],
  large: { query: { table: 'large' } },
  writes: [
    { query: `INSERT INTO person (team, id) VALUES ('x', 4)` },
    { query: `BEGIN BATCH INSERT INTO person (team, id) VALUES ('x', 4) APPLY BATCH` },
    { query: `-- SELECT\nDELETE FROM person WHERE team = 'x'` },
    { query: `SELECT id FROM person; DELETE FROM person WHERE team = 'x'` },
    { query: 'TRUNCATE TABLE person' },
    { query: `/* x */ UPDATE person SET name = 'y' WHERE team = 'x' AND id = 4` },
  ],
  unchanged: async () => (await people()) === 3,
})
