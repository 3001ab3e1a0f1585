import { after } from 'node:test'
import pg from 'pg'
import { settingsRecords, sourceKit } from '@bulkhead/connector-sdk/testing'
import { createDatabase, createRole } from '../../../test/support/postgres.ts'
import postgres from './index.ts'
import { typeCases } from './testing/type-cases.ts'

const testDatabase = await createDatabase({ after })
const { url, host, port, database, user } = testDatabase
const asked = await createRole({ after }, testDatabase)
const config = { host, port, database, user }
const admin = new pg.Client({ connectionString: url })
await admin.connect()
after(() => admin.end())
await admin.query(`
  CREATE TABLE person (id integer PRIMARY KEY, name text, born date, balance numeric(9, 2), tags text[]);
  INSERT INTO person VALUES
    (1, 'Ada', '1815-12-10', 1.10, '{a,b}'),
    (2, 'Grace, "H."', '1906-12-09', NULL, '{}'),
    (3, '', NULL, -0.05, NULL);
  CREATE TABLE growing AS SELECT i FROM generate_series(1, 5000) i;
  CREATE FUNCTION add_person() RETURNS integer LANGUAGE sql AS
    'INSERT INTO person VALUES (4, ''x'', NULL, NULL, NULL) RETURNING id'`)

async function people(): Promise<number> {
  const { rows } = await admin.query<{ count: number }>('SELECT count(*)::int AS count FROM person')
  return rows[0]?.count ?? 0
}

/** Of another session than the one that asks. */
async function isAsleep(): Promise<boolean> {
  const { rowCount } = await admin.query(
    `SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()`,
  )
  return rowCount !== 0
}

sourceKit({
  connector: postgres,
  config,
  async system() {
    const { rows } = await admin.query<{ server_version: string }>('SHOW server_version')
    return `PostgreSQL ${rows[0]?.server_version.split(' ', 1)[0] ?? ''}`
  },
  wrongPassword: {
    config: (password) => ({ ...config, user: asked.user, password }),
    code: 'postgres-password-refused',
  },
  network: { host, port, at: (address) => ({ ...config, ...address }) },
  settings: settingsRecords(new URL('../settings/', import.meta.url)),
  types: typeCases,
  changing: {
    query: 'SELECT i FROM growing ORDER BY i',
    change: async () => void (await admin.query('INSERT INTO growing SELECT max(i) + 1 FROM growing')),
  },
  atWork: isAsleep,
  wrongConfigs: [
    { title: 'no host', config: { ...config, host: undefined } },
    { title: 'a port that is none', config: { ...config, port: 70_000 } },
    { title: 'nobody there', config: { ...config, port: 1 }, code: 'postgres-unreachable' },
    {
      title: 'a missing database',
      config: { ...config, database: 'nowhere' },
      code: 'postgres-database-unknown',
    },
  ],
  cases: [
    {
      title: 'a table',
      query: 'SELECT * FROM person ORDER BY id',
      fields: [
        { name: 'id', type: { kind: 'integer', bits: 32 } },
        { name: 'name', type: { kind: 'text' } },
        { name: 'born', type: { kind: 'date' } },
        { name: 'balance', type: { kind: 'decimal', precision: 9, scale: 2 } },
        { name: 'tags', type: { kind: 'json' } },
      ],
      rows: [
        { id: 1, name: 'Ada', born: '1815-12-10', balance: '1.10', tags: '["a","b"]' },
        { id: 2, name: 'Grace, "H."', born: '1906-12-09', balance: null, tags: '[]' },
        { id: 3, name: '', born: null, balance: '-0.05', tags: null },
      ],
      bytes: [
        {
          format: 'csv',
          files: { '': '1,Ada,1815-12-10,1.10,"{a,b}"\n2,"Grace, ""H.""",1906-12-09,,{}\n3,"",,-0.05,\n' },
        },
        {
          format: 'jsonl',
          files: {
            '': [
              '{"id":1,"name":"Ada","born":"1815-12-10","balance":1.10,"tags":["a","b"]}\n',
              '{"id":2,"name":"Grace, \\"H.\\"","born":"1906-12-09","balance":null,"tags":[]}\n',
              '{"id":3,"name":"","born":null,"balance":-0.05,"tags":null}\n',
            ].join(''),
          },
        },
      ],
    },
    {
      title: 'parameters',
      query: 'SELECT id, :label AS label FROM person WHERE born > :born AND id = ANY(:ids)',
      parameters: { label: 'é', born: '1900-01-01', ids: [1, 2] },
      rows: [{ id: 2, label: 'é' }],
      bytes: [{ format: 'csv', files: { '': '2,é\n' } }],
    },
    {
      title: 'options of CSV',
      query: 'SELECT id, name, born FROM person ORDER BY id',
      bytes: [
        {
          format: 'csv',
          csv: { delimiter: ';', nullText: 'NULL', quote: 'all' },
          files: { '': '"1";"Ada";"1815-12-10"\n"2";"Grace, ""H.""";"1906-12-09"\n"3";"";NULL\n' },
        },
      ],
    },
  ],
  textParameters: [
    {
      title: 'a condition',
      query: 'SELECT id FROM person WHERE name = :name',
      parameters: { name: 'Ada' },
    },
    {
      title: 'a list',
      query: 'SELECT id FROM person WHERE name = ANY(:names)',
      parameters: { names: ['Ada'] },
    },
    {
      title: 'a date',
      query: 'SELECT id FROM person WHERE born = :born',
      parameters: { born: '1815-12-10' },
    },
    {
      title: 'an expression',
      query: 'SELECT :value AS value',
      parameters: { value: 'é' },
      echo: ({ value }) => value,
    },
    {
      title: 'a text between others',
      query: "SELECT 'a'':x' || /* :y ' */ :value || E'\\':z' AS value",
      parameters: { value: 'é' },
      echo: ({ value }) => String(value).slice(4, -3),
    },
  ],
  wrongQueries: [
    { title: 'no SQL', query: 'SELECT 1 FROM WHERE', code: 'postgres-query-invalid' },
    { title: 'an unknown table', query: 'SELECT * FROM peple', code: 'postgres-query-invalid' },
    { title: 'two statements', query: 'SELECT 1; SELECT 2', code: 'postgres-not-a-query' },
    { title: 'a write', query: 'DELETE FROM person', code: 'postgres-write-refused' },
    { title: 'an object', query: { table: 'person' }, code: 'postgres-not-a-query' },
  ],
  large: { query: "SELECT i, repeat('x', 1000) || i AS text FROM generate_series(1, 160000) i" },
  slow: { query: 'SELECT pg_sleep(60)' },
  writes: [
    { query: "INSERT INTO person VALUES (4, 'x', NULL, NULL, NULL)" },
    { query: 'SELECT add_person()' },
    { query: 'WITH x AS (DELETE FROM person RETURNING id) SELECT * FROM x' },
    { query: "SELECT set_config('transaction_read_only', 'off', true), add_person()" },
    { query: 'SELECT 1; COMMIT; SELECT add_person()' },
  ],
  unchanged: async () => (await people()) === 3,
})
