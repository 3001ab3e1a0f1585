import { after } from 'node:test'
import { hostileTexts, settingsRecords, sourceKit } from '@bulkhead/connector-sdk/testing'
import { createIndexName, request } from '../../../test/support/opensearch.ts'
import opensearch from './index.ts'
import { fakeSql, type KnownResult } from './testing/fake-sql.ts'
import { fillIndex, slowQuery } from './testing/indices.ts'
import { demandLogin, startHttpProxy } from './testing/http-proxy.ts'
import { makeTypeCases } from './testing/type-cases.ts'

const server = createIndexName({ after })
const { index } = server
const people = {
  schema: [
    { name: 'id', type: 'long' },
    { name: 'name', type: 'keyword' },
  ],
  rows: ['[1, "Ada"]', '[9007199254740993, null]'],
}
/** A list that finds people by name, and a text that comes back: by the one literal that stands in the whole. */
function resultOf(sql: string): KnownResult | undefined {
  if (sql === 'SELECT id, name FROM person WHERE id >=  1 ') return people
  const [, statement, literal = ''] =
    /^(SELECT name FROM person WHERE name =|SELECT) {2}'((?:[^'\\]|\\[^])*)'(?: | {2}AS value)$/.exec(sql) ??
    []
  if (statement === undefined) return undefined
  const text = literal.replaceAll(/\\([^])/g, '$1')
  const rows = statement === 'SELECT' || text === 'Ada' ? [JSON.stringify([text])] : []
  return { schema: [{ name: statement === 'SELECT' ? 'value' : 'name', type: 'keyword' }], rows }
}
/** The server of the tests has no SQL: queries in SQL alone are answered by a fake, before it. */
const { url } = await startHttpProxy({ after }, server.url, fakeSql(resultOf).meddling)
const config = { nodes: [url], scripts: 'allow' }

const lines = [
  '{"id":1,"name":"Ada","born":"1815-12-10","balance":1.10,"tags":["a","b"]}',
  '{ "id":2, "name":"Grace, \\"H.\\"","balance":12345678901234567890.10,"tags":[] }',
  '{"name":"","id":3,"born":null}',
]
await fillIndex(server, `${index}-person`, lines, {
  mappings: {
    properties: {
      id: { type: 'long' },
      name: { type: 'keyword' },
      born: { type: 'date' },
      balance: { type: 'scaled_float', scaling_factor: 100 },
      tags: { type: 'keyword' },
    },
  },
})
const long = 'x'.repeat(1000)
await fillIndex(
  server,
  `${index}-large`,
  Array.from({ length: 40_000 }, (_, i) => `{"i":${i},"text":"${long}"}`),
  { settings: { number_of_shards: 3 } },
)
await fillIndex(
  server,
  `${index}-growing`,
  Array.from({ length: 2000 }, (_, i) => `{"i":${i}}`),
)
await fillIndex(
  server,
  `${index}-vast`,
  Array.from({ length: 120_000 }, () => '{}'),
)
await fillIndex(
  server,
  `${index}-said`,
  ['é', ...hostileTexts.map((hostile) => hostile.text)].map((text) => JSON.stringify({ text })),
  { mappings: { properties: { text: { type: 'keyword' } } } },
)
const login = await startHttpProxy({ after }, url, demandLogin(`Basic ${btoa('bulkhead:right')}`))
const { version } = (await request(server, 'GET', '/')) as { readonly version: { readonly number: string } }
let next = 2000
const slow = slowQuery()
const runsScript = (source: string) => ({
  query: { index: `${index}-person`, query: { script: { script: { source } } } },
})

/** What lies in the index, and which indices there are: each document with its version. */
async function everything(): Promise<string> {
  await request(server, 'POST', `/${index}-person/_refresh`)
  const documents = await request(
    server,
    'GET',
    `/${index}-person/_search?version=true&sort=id&filter_path=hits.hits`,
  )
  const indices = (await request(server, 'GET', `/${index}*/_alias`)) as object
  return JSON.stringify([documents, Object.keys(indices).toSorted()])
}
const types = await makeTypeCases(server, index)
const before = await everything()

sourceKit({
  connector: opensearch,
  config,
  system: `OpenSearch ${version.number}; logins are refused by a proxy before it, SQL is answered by a fake`,
  wrongPassword: {
    config: (password) => ({ nodes: [login.url], user: 'bulkhead', password }),
    code: 'opensearch-login-refused',
  },
  network: {
    host: new URL(url).hostname,
    port: Number(new URL(url).port),
    at: ({ host, port }) => ({ ...config, nodes: [`http://${host}:${port}`] }),
  },
  settings: settingsRecords(new URL('../settings/', import.meta.url)),
  types,
  changing: {
    query: { index: `${index}-growing`, sort: [{ i: 'asc' }] },
    async change() {
      await request(server, 'PUT', `/${index}-growing/_doc/new-${next}`, { i: next++ })
      await request(server, 'POST', `/${index}-growing/_delete_by_query?refresh=true`, {
        query: { range: { i: { gte: 1000, lt: 1010 } } },
      })
      await request(server, 'POST', `/${index}-growing/_refresh`)
    },
  },
  async atWork() {
    const tasks = await request(server, 'GET', '/_tasks?actions=*search*&detailed')
    return JSON.stringify(tasks).includes(slow.mark)
  },
  wrongConfigs: [
    { title: 'no nodes', config: { nodes: [] } },
    { title: 'a password in the address', config: { nodes: ['http://a:b@127.0.0.1:9200'] } },
    { title: 'nobody there', config: { nodes: ['http://127.0.0.1:1'] }, code: 'opensearch-unreachable' },
    {
      title: 'a password without user',
      config: { ...config, password: 'x' },
      code: 'opensearch-settings-invalid',
    },
    {
      title: 'two ways to log in',
      config: { ...config, token: 'x', apiKey: 'y' },
      code: 'opensearch-settings-invalid',
    },
    { title: 'no login', config: { nodes: [login.url] }, code: 'opensearch-login-missing' },
    {
      title: 'https where there is none',
      config: { nodes: [url.replace('http:', 'https:')], attempts: 1 },
      code: 'opensearch-tls-failed',
    },
    {
      title: 'a certificate that is none',
      config: { nodes: ['https://127.0.0.1:1'], tls: { ca: '-----BEGIN CERTIFICATE-----\nx' } },
      code: 'opensearch-tls-settings',
    },
  ],
  cases: [
    {
      title: 'documents',
      query: { index: `${index}-person`, sort: [{ id: 'asc' }] },
      fields: [{ name: 'document', type: { kind: 'json' } }],
      rows: lines.map((document) => ({ document })),
      bytes: [{ format: 'jsonl', files: { '': lines.map((line) => `${line}\n`).join('') } }],
    },
    {
      title: 'columns',
      query: {
        index: `${index}-person`,
        sort: [{ id: 'asc' }],
        columns: ['id', 'name', 'born', { path: 'balance', name: 'money' }, { path: 'tags', type: 'json' }],
      },
      fields: [
        { name: 'id', type: { kind: 'integer', bits: 64 } },
        { name: 'name', type: { kind: 'text' } },
        { name: 'born', type: { kind: 'timestamp', zoned: true } },
        { name: 'money', type: { kind: 'decimal' } },
        { name: 'tags', type: { kind: 'json' } },
      ],
      rows: [
        { id: 1n, name: 'Ada', born: '1815-12-10 00:00:00+00', money: '1.10', tags: '["a","b"]' },
        { id: 2n, name: 'Grace, "H."', born: null, money: '12345678901234567890.10', tags: '[]' },
        { id: 3n, name: '', born: null, money: null, tags: null },
      ],
      bytes: [
        {
          format: 'jsonl',
          files: {
            '':
              '{"id":1,"name":"Ada","born":"1815-12-10","money":1.10,"tags":["a","b"]}\n' +
              '{"id":2,"name":"Grace, \\"H.\\"","born":null,"money":12345678901234567890.10,"tags":[]}\n' +
              '{"id":3,"name":"","born":null,"money":null,"tags":null}\n',
          },
        },
      ],
    },
    {
      title: 'parameters',
      query: {
        index: { $param: 'where' },
        query: {
          bool: { filter: [{ terms: { id: { $param: 'ids' } } }, { term: { name: { $param: 'name' } } }] },
        },
        columns: ['id'],
      },
      parameters: { where: `${index}-person`, ids: [1n, 2n], name: 'Grace, "H."' },
      rows: [{ id: 2n }],
      bytes: [{ format: 'jsonl', files: { '': '{"id":2}\n' } }],
    },
    {
      title: 'SQL',
      query: 'SELECT id, name FROM person WHERE id >= :id',
      parameters: { id: 1n },
      fields: [
        { name: 'id', type: { kind: 'integer', bits: 64 } },
        { name: 'name', type: { kind: 'text' } },
      ],
      rows: [
        { id: 1n, name: 'Ada' },
        { id: 9_007_199_254_740_993n, name: null },
      ],
      bytes: [
        {
          format: 'jsonl',
          files: { '': '{"id":1,"name":"Ada"}\n{"id":9007199254740993,"name":null}\n' },
        },
      ],
    },
  ],
  textParameters: [
    {
      title: 'an index',
      query: { index: { $param: 'where' }, columns: ['id'] },
      parameters: { where: `${index}-person` },
    },
    {
      title: 'a term',
      query: { index: `${index}-person`, query: { term: { name: { $param: 'name' } } }, columns: ['id'] },
      parameters: { name: 'Ada' },
    },
    {
      title: 'a list of terms',
      query: { index: `${index}-person`, query: { terms: { name: { $param: 'names' } } }, columns: ['id'] },
      parameters: { names: ['Ada'] },
    },
    {
      title: 'a match',
      query: {
        index: `${index}-person`,
        query: { match: { name: { query: { $param: 'name' } } } },
        columns: ['id'],
      },
      parameters: { name: 'Ada' },
    },
    {
      title: 'a date',
      query: { index: `${index}-person`, query: { term: { born: { $param: 'born' } } }, columns: ['id'] },
      parameters: { born: '1815-12-10' },
    },
    {
      title: 'a parameter of a script',
      query: {
        index: `${index}-person`,
        query: {
          script: {
            script: { source: "doc['name'].contains(params.name)", params: { name: { $param: 'name' } } },
          },
        },
        columns: ['id'],
      },
      parameters: { name: 'Ada' },
    },
    {
      title: 'a text that is stored',
      query: {
        index: `${index}-said`,
        query: { term: { text: { $param: 'text' } } },
        columns: ['text'],
      },
      parameters: { text: 'é' },
      echo: ({ text }) => text,
    },
    {
      title: 'an expression of SQL',
      query: 'SELECT :value AS value',
      parameters: { value: 'é' },
      echo: ({ value }) => value,
    },
    {
      title: 'a condition of SQL',
      query: 'SELECT name FROM person WHERE name = :name',
      parameters: { name: 'Ada' },
    },
  ],
  wrongQueries: [
    { title: 'SQL that the server does not take', query: 'SELECT', code: 'opensearch-sql-refused' },
    { title: 'SQL that is not understood', query: 'SELECT nothing', code: 'opensearch-query-invalid' },
    { title: 'no index', query: {}, code: 'opensearch-query-invalid' },
    { title: 'a missing index', query: { index: `${index}-none` }, code: 'opensearch-index-unknown' },
    {
      title: 'a pattern without match',
      query: { index: `${index}-none*` },
      code: 'opensearch-index-unknown',
    },
    {
      title: 'an unknown clause',
      query: { index: `${index}-person`, query: { foo: {} } },
      code: 'opensearch-query-invalid',
    },
    {
      title: 'an unknown field to sort by',
      query: { index: `${index}-person`, sort: ['nobody'] },
      code: 'opensearch-query-invalid',
    },
    {
      title: 'the order of the index',
      query: { index: `${index}-person`, sort: ['_doc'] },
      code: 'opensearch-query-invalid',
    },
    {
      title: 'a page that the index refuses',
      query: { index: `${index}-person`, pageSize: 10_001 },
      code: 'opensearch-query-invalid',
    },
  ],
  large: { query: { index: `${index}-large` } },
  slow: { query: { index: `${index}-vast`, query: slow.query } },
  writes: [
    { query: { index: `${index}-person/_delete_by_query` } },
    { query: `DELETE FROM ${index}-person` },
    { query: `/* /* */ DELETE FROM ${index}-person -- */ SELECT 1` },
    { query: { index: `${index}-person/_doc/4`, query: { match_all: {} } } },
    { query: { index: `../${index}-written` } },
    { query: { index: `${index}-person?pipeline=x&scroll=1m`, query: { match_all: {} } } },
    { query: { index: { $param: 'where' } }, parameters: { where: `${index}-person/_delete_by_query` } },
    { query: { index: `${index}-written` } },
    { query: { index: `${index}-person`, method: 'DELETE', path: `/${index}-person` } },
    { query: { index: `${index}-person`, script: { source: "ctx.op = 'delete'" } } },
    runsScript("ctx.op = 'delete'; return true"),
    runsScript("ctx._source.name = 'x'; return true"),
    runsScript("params._source.name = 'x'; return true"),
    runsScript("doc['name'].clear(); return true"),
    runsScript("doc['id'].add(4L); return true"),
  ],
  unchanged: async () => (await everything()) === before,
})
