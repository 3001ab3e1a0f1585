/** The contract against a made-up Athena before a real S3 server; `moto.server.test.ts` has the stand-in for Athena. */
import { after } from 'node:test'
import { settingsRecords, sourceKit } from '@bulkhead/connector-sdk/testing'
import { createBucket } from '../../../test/support/s3.ts'
import athena from './index.ts'
import { settingsFor, startFakeAthena } from './testing/fake-athena.ts'
import type { FakeQuery } from './testing/fake-results.ts'
import { typeCases, typeQueries } from './testing/type-cases.ts'

const bucket = await createBucket({ after })
const fake = await startFakeAthena({ after }, bucket)
const config = {
  ...settingsFor(fake, bucket),
  unload: { location: `s3://${bucket.bucket}/unload/` },
  pollFirst: 'PT0.05S',
  pollLongest: 'PT0.05S',
}

const people: FakeQuery = {
  columns: [
    { name: 'id', type: 'bigint' },
    { name: 'name', type: 'varchar' },
    { name: 'balance', type: 'decimal', precision: 38, scale: 2 },
  ],
  rows: [
    ['1', 'Ada', '1.10'],
    ['9223372036854775807', 'Grace, "H."\nof the navy', null],
    ['-3', '', '-99999999999999999999999999999999999.99'],
  ],
  files: { '20261031_1': Buffer.of(80, 65, 82, 49, 0, 255), '20261031_2': Buffer.alloc(0) },
}
const one: FakeQuery = {
  columns: [{ name: 'id', type: 'integer' }],
  rows: [['1'], [null]],
  files: { one: Buffer.from('one') },
}
const large: FakeQuery = {
  columns: [
    { name: 'id', type: 'integer' },
    { name: 'text', type: 'varchar' },
  ],
  rows: Array.from({ length: 40_000 }, (_, id) => [String(id), 'x'.repeat(1000) + String(id)]),
  files: { one: Buffer.alloc(20 * 2 ** 20, 'one'), two: Buffer.alloc(20 * 2 ** 20, 'two') },
}
const slow: FakeQuery = { polls: Infinity }
const queries = new Map<string, FakeQuery>([
  ['SELECT * FROM people', people],
  ["SELECT id FROM people WHERE name = ? AND note = 'a :b' AND id IN (?, ?)", one],
  ['SELECT * FROM large', large],
  ['SELECT * FROM slow', slow],
  [
    'SELECT 1 AS a, 2 AS a',
    {
      columns: [
        { name: 'a', type: 'integer' },
        { name: 'a', type: 'integer' },
      ],
      rows: [],
    },
  ],
  ['SELECT x', { fails: { reason: "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved" } }],
  ['SELECT bad', { fails: { reason: "INVALID_CAST_ARGUMENT: Cannot cast 'Ada' to BIGINT" } }],
  ...typeQueries,
])
/** Queries whose answer depends on their parameters: a list that finds people by name, and a text that comes back. */
function answerTo(sql: string, parameters: readonly string[]): FakeQuery | undefined {
  const names = sql.startsWith('SELECT name FROM said')
  if (!names && sql !== 'SELECT ? AS value') return queries.get(sql)
  const texts = parameters.map(textOfLiteral)
  if (texts.includes(undefined) || texts.length !== sql.split('?').length - 1) return undefined
  const shown = texts.flatMap((text) => (names && text !== 'Ada' ? [] : [text ?? null]))
  return {
    columns: [{ name: names ? 'name' : 'value', type: 'varchar' }],
    rows: shown.map((text) => [text]),
    polls: 0,
    files: { one: Buffer.from(shown.join('')) },
  }
}

/** The text of a literal as SQL has it: a quote inside is two. Undefined when it is another thing, or more than one. */
function textOfLiteral(literal: string): string | undefined {
  const inside = /^'((?:[^']|'')*)'$/.exec(literal)?.[1]
  return inside?.replaceAll("''", "'")
}
fake.answer = (sql, parameters) => answerTo(/^UNLOAD \(\n([^]*)\n\)\nTO '/.exec(sql)?.[1] ?? sql, parameters)

const { hostname, port } = new URL(fake.endpoint)
sourceKit({
  connector: athena,
  config,
  system: "a made-up server with Athena's API, before a real S3 server; both verify signatures",
  wrongPassword: {
    config: (password) => ({ ...config, secretAccessKey: password }),
    code: 'athena-credentials-refused',
  },
  network: {
    host: hostname,
    port: Number(port),
    at: (address) => {
      const endpoint = `http://${address.host}:${address.port}`
      return { ...config, endpoint, s3Endpoint: endpoint, attempts: 2, requestTimeout: 'PT2S' }
    },
  },
  settings: settingsRecords(new URL('../settings/', import.meta.url)),
  types: typeCases,
  wrongConfigs: [
    { title: 'no region', config: { ...config, region: undefined } },
    { title: 'a place that is not in S3', config: { ...config, outputLocation: '/results' } },
    { title: 'no keys', config: { ...config, accessKeyId: undefined }, code: 'athena-credentials-missing' },
    { title: 'a wrong key', config: { ...config, accessKeyId: 'x' }, code: 'athena-credentials-refused' },
    {
      title: 'another region',
      config: { ...config, region: 'eu-west-3' },
      code: 'athena-credentials-refused',
    },
    {
      title: 'an unknown workgroup',
      config: { ...config, workgroup: 'x' },
      code: 'athena-workgroup-unknown',
    },
    {
      title: 'nobody there',
      config: { ...config, endpoint: 'http://127.0.0.1:1', attempts: 1 },
      code: 'athena-unreachable',
    },
    {
      title: 'the identity of the machine',
      config: { region: 'us-east-1', identity: 'machine' },
      code: 'athena-machine-identity-refused',
    },
    {
      title: 'a long first pause',
      config: { ...config, pollFirst: 'PT9S' },
      code: 'athena-settings-invalid',
    },
    {
      title: 'a password in the address',
      config: { ...config, endpoint: 'http://a:b@127.0.0.1' },
      code: 'athena-settings-invalid',
    },
  ],
  cases: [
    {
      title: 'a table',
      query: 'SELECT * FROM people',
      fields: [
        { name: 'id', type: { kind: 'integer', bits: 64 } },
        { name: 'name', type: { kind: 'text' } },
        { name: 'balance', type: { kind: 'decimal', precision: 38, scale: 2 } },
      ],
      rows: [
        { id: 1n, name: 'Ada', balance: '1.10' },
        { id: 9223372036854775807n, name: 'Grace, "H."\nof the navy', balance: null },
        { id: -3n, name: '', balance: '-99999999999999999999999999999999999.99' },
      ],
      bytes: [
        {
          format: 'binary',
          files: { '20261031_1.parquet': Uint8Array.of(80, 65, 82, 49, 0, 255), '20261031_2.parquet': '' },
        },
      ],
    },
    {
      title: 'parameters, and a null that is a whole line',
      query: "SELECT id FROM people WHERE name = :name AND note = 'a :b' AND id IN (:ids)",
      parameters: { name: "O'Hara", ids: [1, 2] },
      rows: [{ id: 1 }, { id: null }],
    },
  ],
  textParameters: [
    {
      title: 'a condition',
      query: "SELECT name FROM said WHERE note = ':a' AND name = :name",
      parameters: { name: 'Ada' },
    },
    {
      title: 'a list',
      query: 'SELECT name FROM said WHERE name IN (:names)',
      parameters: { names: ['Ada'] },
    },
    {
      title: 'an expression',
      query: 'SELECT :value AS value',
      parameters: { value: 'é' },
      echo: ({ value }) => value,
    },
  ],
  wrongQueries: [
    { title: 'an object', query: { sql: 'SELECT 1' }, code: 'query-invalid' },
    { title: 'nothing', query: ' -- nothing', code: 'athena-not-a-query' },
    { title: 'two statements', query: 'SELECT 1; SELECT 2', code: 'athena-not-a-query' },
    { title: 'a write', query: 'INSERT INTO people SELECT * FROM people', code: 'athena-write-refused' },
    {
      title: 'a write behind a comment that does not nest',
      query: '/* /* */ DELETE FROM people -- */ */ SELECT 1',
      code: 'athena-write-refused',
    },
    {
      title: 'a write that is explained',
      query: 'EXPLAIN ANALYZE DELETE FROM people',
      code: 'athena-write-refused',
    },
    {
      title: 'a parameter without name',
      query: 'SELECT * FROM people WHERE id = ?',
      code: 'athena-positional-parameter',
    },
    {
      title: 'an empty list',
      query: 'SELECT * FROM people WHERE id IN (:ids)',
      parameters: { ids: [] },
      code: 'athena-parameter-invalid',
    },
    {
      title: 'a long value',
      query: 'SELECT * FROM people WHERE name = :name',
      parameters: { name: 'x'.repeat(1023) },
      code: 'athena-parameter-invalid',
    },
    { title: 'a fault in the syntax', query: 'SELECT FROM', code: 'athena-query-invalid' },
    { title: 'an unknown column', query: 'SELECT x', code: 'athena-query-invalid' },
    { title: 'a value that cannot be cast', query: 'SELECT bad', code: 'athena-query-failed' },
    { title: 'a column twice', query: 'SELECT 1 AS a, 2 AS a', code: 'athena-duplicate-column' },
  ],
  large: { query: 'SELECT * FROM large' },
  slow: { query: 'SELECT * FROM slow' },
  atWork: async () => fake.atWork() > 0,
})
