import { after } from 'node:test'
import { settingsRecords, sourceKit } from '@bulkhead/connector-sdk/testing'
import { createDatabase, createUser, execute } from '../../../test/support/mysql.ts'
import mysql from './index.ts'
import { createTypeCases } from './testing/type-cases.ts'

const testDatabase = await createDatabase({ after })
const { host, port, database } = testDatabase
// Without the rights of the admin: what is refused is refused to anyone.
const asked = await createUser({ after }, testDatabase)
const config = { host, port, database, ...asked }

for (const statement of [
  'CREATE TABLE person (id int PRIMARY KEY, name text, born date, balance decimal(9, 2), tags json)',
  `INSERT INTO person VALUES
    (1, 'Ada', '1815-12-10', 1.10, '["a","b"]'), (2, 'Grace, "H."', '1906-12-09', NULL, '[]'), (3, '', NULL, -0.05, NULL)`,
  'CREATE TABLE old_person (id int) ENGINE = MyISAM',
  'CREATE TABLE growing (i bigint PRIMARY KEY)',
  'INSERT INTO growing SELECT seq FROM seq_1_to_5000',
  'CREATE TABLE large (i bigint PRIMARY KEY, text varchar(2000))',
  "INSERT INTO large SELECT seq, CONCAT(REPEAT('x', 1000), seq) FROM seq_1_to_40000",
  'CREATE SEQUENCE counter',
  `CREATE FUNCTION add_person() RETURNS int MODIFIES SQL DATA
    BEGIN INSERT INTO person VALUES (4, 'x', NULL, NULL, NULL); RETURN 4; END`,
  `CREATE FUNCTION add_old_person() RETURNS int MODIFIES SQL DATA
    BEGIN INSERT INTO old_person VALUES (4); RETURN 4; END`,
])
  await execute(testDatabase, statement)

async function numberOf(query: string): Promise<number> {
  return Number(Object.values((await execute(testDatabase, query))[0] ?? {})[0])
}

sourceKit({
  connector: mysql,
  config,
  system: async () =>
    `MariaDB ${String((await execute(testDatabase, 'SELECT VERSION() AS v'))[0]?.['v']).split('-', 1)[0] ?? ''}`,
  wrongPassword: { config: (password) => ({ ...config, password }), code: 'mysql-password-refused' },
  network: { host, port, at: (address) => ({ ...config, ...address }) },
  settings: settingsRecords(new URL('../settings/', import.meta.url)),
  types: await createTypeCases(testDatabase),
  changing: {
    query: 'SELECT i FROM growing ORDER BY i',
    change: async () =>
      void (await execute(testDatabase, 'INSERT INTO growing SELECT MAX(i) + 1 FROM growing')),
  },
  atWork: async () =>
    (await numberOf(
      `SELECT COUNT(*) FROM information_schema.processlist WHERE user = '${asked.user}' AND info LIKE '%SLEEP(60)%'`,
    )) > 0,
  wrongConfigs: [
    { title: 'no host', config: { ...config, host: undefined } },
    { title: 'a port that is none', config: { ...config, port: 70_000 } },
    { title: 'nobody there', config: { ...config, port: 1 }, code: 'mysql-unreachable' },
    { title: 'a wrong password', config: { ...config, password: 'wrong' }, code: 'mysql-password-refused' },
    { title: 'no password', config: { ...config, password: undefined }, code: 'mysql-password-missing' },
    { title: 'a missing database', config: { ...config, database: 'nowhere' }, code: 'mysql-login-refused' },
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
    },
    {
      title: 'parameters',
      query: 'SELECT id, :label AS label FROM person WHERE born > :born AND id IN (:ids)',
      parameters: { label: 'é', born: '1900-01-01', ids: [1, 2] },
      rows: [{ id: 2, label: 'é' }],
    },
  ],
  textParameters: [
    {
      title: 'a condition',
      query: 'SELECT id FROM person WHERE name = :name AND id < 3',
      parameters: { name: 'Ada' },
    },
    {
      title: 'a list',
      query: 'SELECT id FROM person WHERE name IN (:names) AND id < 3',
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
      query: "SELECT CONCAT('a'':x', /* :y ' */ :value, 'b\\':z') AS value",
      parameters: { value: 'é' },
      echo: ({ value }) => String(value).slice(4, -4),
    },
  ],
  wrongQueries: [
    { title: 'no SQL', query: 'SELECT 1 FROM WHERE', code: 'mysql-query-invalid' },
    { title: 'an unknown table', query: 'SELECT * FROM peple', code: 'mysql-query-invalid' },
    { title: 'two statements', query: 'SELECT 1; SELECT 2', code: 'mysql-not-a-query' },
    { title: 'a write', query: 'DELETE FROM person', code: 'mysql-not-a-query' },
    { title: 'a function that writes', query: 'SELECT add_person()', code: 'mysql-write-refused' },
    { title: 'a file', query: "SELECT 1 INTO OUTFILE 'x'", code: 'mysql-write-refused' },
    { title: 'a variable', query: 'SELECT 1 INTO @x', code: 'mysql-write-refused' },
    { title: 'an object', query: { table: 'person' }, code: 'mysql-not-a-query' },
  ],
  large: { query: 'SELECT i, text FROM large' },
  slow: { query: 'SELECT SLEEP(60)' },
  writes: [
    { query: "INSERT INTO person VALUES (4, 'x', NULL, NULL, NULL)" },
    { query: "INSERT INTO person VALUES (4, 'x', NULL, NULL, NULL) RETURNING id" },
    { query: 'SELECT add_person()' },
    { query: 'SELECT add_old_person()' },
    { query: 'SELECT NEXTVAL(counter)' },
    { query: 'WITH x AS (SELECT 4 AS i) DELETE FROM person' },
    { query: '/*! DELETE FROM person */' },
    { query: 'SELECT 1 /*! ; DELETE FROM person */' },
    { query: "SELECT 'it\\'s' /* ' */; DELETE FROM person -- '" },
    { query: 'SELECT 1; COMMIT; SELECT add_person()' },
    { query: 'BEGIN NOT ATOMIC DELETE FROM person; SELECT 1; END' },
    { query: 'CREATE TABLE person_2 AS SELECT * FROM person' },
    { query: "SELECT * FROM person INTO OUTFILE 'bulkhead_test_outfile'" },
  ],
  unchanged: async () =>
    (await numberOf('SELECT COUNT(*) FROM person')) === 3 &&
    (await numberOf('SELECT COUNT(*) FROM old_person')) === 0 &&
    (await numberOf('SELECT next_not_cached_value FROM counter')) === 1 &&
    (await numberOf(`SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'person_2'`)) === 0,
})
