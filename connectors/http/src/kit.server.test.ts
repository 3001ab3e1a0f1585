import assert from 'node:assert/strict'
import { after } from 'node:test'
import { settingsRecords, sourceKit } from '@bulkhead/connector-sdk/testing'
import http from './index.ts'
import { json, type SeenRequest, startApi } from './testing/api-server.ts'
import { typeSamples } from './testing/type-cases.ts'

const PAGE = 500
const LARGE = 40_000
const filler = 'x'.repeat(1000)
const orders = [
  '{"id":1,"name":"Ada","total":1.10,"big":9007199254740993,"tags":["a","b"],"at":"2026-10-31T08:15:00.25Z"}',
  '{ "id": 2,\n  "name": "Grace, \\"H.\\"", "total": null, "big": null, "tags": [ ], "at": null }',
  '{"id":3,"name":"é","total":-0.05,"big":-1,"at":"2026-10-31T08:15:00+02:00"}',
]

let waiting = 0

const api = await startApi({ after }, (request) => {
  if (request.headers.authorization !== 'Bearer right') return json(request, { error: 'unauthorized' }, 401)
  switch (request.path) {
    case '/v1/me':
      return json(request, { name: 'tester' })
    case '/v1/orders':
      return json(request, `{"data":[${orders.join(',')}],"next":null}`)
    case '/v1/customers/a%2Fb/orders':
      return json(request, { data: [{ id: request.parameters.get('since') }] })
    case '/v1/large':
      return large(request)
    case '/v1/slow':
      // Answers never; whoever asked is gone when the connection is.
      waiting++
      return void request.response.on('close', () => waiting--)
    case '/v1/type':
      return json(
        request,
        `[${typeSamples[Number(request.parameters.get('index'))]!.values.map(([text]) => `{"value":${text}}`).join(',')}]`,
      )
    case '/v1/said':
      return say(request)
    case '/v1/page':
      request.response.setHeader('content-type', 'text/html')
      return void request.response.end('<html>Log in</html>')
    default:
      if (request.path.startsWith('/v1/said/')) return say(request)
      return json(request, { title: 'No such thing' }, 404)
  }
})

function large(request: SeenRequest): void {
  const from = Number(request.parameters.get('offset'))
  const records = Array.from({ length: Math.min(PAGE, LARGE - from) }, (_, i) => ({
    id: from + i,
    text: filler,
  }))
  json(request, records)
}

/** The text that stands in the one place that is not empty: read strictly, beside what stands around it. */
function say(request: SeenRequest): void {
  const { path, parameters, headers, body } = request
  const [, , , segment, again, ...more] = path.split('/')
  const [name, value] = [...parameters.entries()].flat()
  const parsed: unknown = body === '' ? undefined : JSON.parse(body)
  const fields = Object.entries(typeof parsed === 'object' && parsed !== null ? parsed : {})
  const header = headers['x-text']
  if (segment !== undefined) assert.deepEqual([again, more], ['again', []], path)
  if (name !== undefined) assert.deepEqual([...parameters.keys()], ['a', 'text', 'z'], value)
  if (fields.length > 0)
    assert.deepEqual(
      fields.map(([field]) => field),
      ['a', 'text', 'z'],
      body,
    )
  if (header !== undefined) assert.deepEqual([headers['x-a'], headers['x-z']], ['1', '2'])
  const said = [
    segment === undefined ? undefined : decodeURIComponent(segment),
    parameters.get('text') ?? undefined,
    typeof parsed === 'string' ? parsed : fields[1]?.[1],
    header,
  ]
  json(
    request,
    said.filter((text) => text !== undefined).map((text) => ({ text })),
  )
}

const config = {
  baseUrl: `${api.url}/v1/`,
  auth: { type: 'bearer', token: 'right' },
  checkPath: 'me',
  retry: { attempts: 1 },
}
const said = { path: 'said', columns: [{ name: 'text', type: 'text' }] }
const paged = { path: 'large', paging: { by: 'offset' } }

sourceKit({
  connector: http,
  config,
  wrongConfigs: [
    { title: 'no address', config: { ...config, baseUrl: undefined } },
    { title: 'an address of another kind', config: { ...config, baseUrl: 'ftp://127.0.0.1/' } },
    {
      title: 'a wrong token',
      config: { ...config, auth: { type: 'bearer', token: 'wrong' } },
      code: 'http-login-refused',
    },
    {
      title: 'nobody there',
      config: { ...config, baseUrl: 'http://127.0.0.1:1/' },
      code: 'http-unreachable',
    },
    {
      title: 'clear text to another machine',
      config: { ...config, baseUrl: 'http://192.0.2.1/' },
      code: 'http-unencrypted',
    },
    {
      title: 'a password in the address',
      config: { ...config, baseUrl: 'https://a:b@127.0.0.1/' },
      code: 'http-settings-invalid',
    },
    { title: 'a missing checkPath', config: { ...config, checkPath: 'nowhere' }, code: 'http-not-found' },
    {
      title: 'a certificate without key',
      config: { ...config, tls: { cert: 'x' } },
      code: 'http-settings-invalid',
    },
    {
      title: 'a reserved header',
      config: { ...config, headers: { Host: 'x' } },
      code: 'http-header-invalid',
    },
  ],
  cases: [
    {
      title: 'records as they are',
      query: { path: 'orders', records: '/data' },
      fields: [{ name: 'record', type: { kind: 'json' } }],
      rows: [
        { record: orders[0]! },
        { record: '{"id":2,"name":"Grace, \\"H.\\"","total":null,"big":null,"tags":[],"at":null}' },
        { record: orders[2]! },
      ],
    },
    {
      title: 'columns',
      query: {
        path: 'orders',
        records: '/data',
        columns: [
          { name: 'id', type: 'integer32' },
          { name: 'name', type: 'text' },
          { name: 'total', type: 'decimal(9,2)' },
          { name: 'big', type: 'integer' },
          { name: 'tags', type: 'json' },
          { name: 'at', type: 'timestamptz' },
        ],
      },
      fields: [
        { name: 'id', type: { kind: 'integer', bits: 32 } },
        { name: 'name', type: { kind: 'text' } },
        { name: 'total', type: { kind: 'decimal', precision: 9, scale: 2 } },
        { name: 'big', type: { kind: 'integer', bits: 64 } },
        { name: 'tags', type: { kind: 'json' } },
        { name: 'at', type: { kind: 'timestamp', zoned: true } },
      ],
      rows: [
        {
          id: 1,
          name: 'Ada',
          total: '1.10',
          big: 9007199254740993n,
          tags: '["a","b"]',
          at: '2026-10-31 08:15:00.25+00',
        },
        { id: 2, name: 'Grace, "H."', total: null, big: null, tags: '[]', at: null },
        { id: 3, name: 'é', total: '-0.05', big: -1n, tags: null, at: '2026-10-31 06:15:00+00' },
      ],
    },
    {
      title: 'parameters in path and query',
      query: {
        path: ['customers', { $param: 'customer' }, 'orders'],
        queryParameters: { since: { $param: 'since' } },
        records: '/data',
      },
      parameters: { customer: 'a/b', since: 'x&y=1 #?' },
      rows: [{ record: '{"id":"x&y=1 #?"}' }],
    },
  ],
  textParameters: [
    { title: 'a part of the path', query: { ...said, path: ['said', { $param: 'text' }, 'again'] } },
    {
      title: 'a query parameter',
      query: { ...said, queryParameters: { a: 1, text: { $param: 'text' }, z: 2 } },
    },
    {
      title: 'a list of query parameters',
      query: { ...said, queryParameters: { a: 1, text: [{ $param: 'text' }], z: 2 } },
    },
    { title: 'a body', query: { ...said, method: 'POST', body: { a: 1, text: { $param: 'text' }, z: 2 } } },
    { title: 'a body that is a text', query: { ...said, method: 'POST', body: { $param: 'text' } } },
    {
      title: 'a header',
      query: { ...said, headers: { 'X-A': '1', 'X-Text': { $param: 'text' }, 'X-Z': '2' } },
    },
  ].map((place) => ({ ...place, parameters: { text: 'e' }, echo: ({ text }) => text })),
  wrongQueries: [
    { title: 'no path', query: { records: '/data' }, code: 'http-query-invalid' },
    { title: 'text', query: 'orders', code: 'http-query-invalid' },
    { title: 'nothing there', query: { path: 'nowhere' }, code: 'http-not-found' },
    { title: 'a page of HTML', query: { path: 'page' }, code: 'http-answer-not-json' },
    { title: 'no list', query: { path: 'orders', records: '' }, code: 'http-records-missing' },
    {
      title: 'a list that is missing',
      query: { path: 'orders', records: '/items' },
      code: 'http-records-missing',
    },
    { title: 'a way out', query: { path: ['..', 'admin'] }, code: 'http-path-invalid' },
    {
      title: 'a way out by a parameter',
      query: { path: [{ $param: 'p' }] },
      parameters: { p: '..' },
      code: 'http-path-invalid',
    },
    { title: 'a body of GET', query: { path: 'orders', body: {} }, code: 'http-query-invalid' },
    {
      title: 'a header in a header',
      query: { path: 'orders', headers: { 'X-A': 'a\r\nX-B: b' } },
      code: 'http-header-invalid',
    },
    {
      title: 'a type that is none',
      query: { path: 'orders', columns: [{ name: 'a', type: 'number' }] },
      code: 'http-query-invalid',
    },
  ],
  large: { query: paged },
  slow: { query: { path: 'slow' } },
  atWork: () => Promise.resolve(waiting > 0),
  system: `the HTTP server of Node.js ${process.version}`,
  settings: settingsRecords(new URL('../settings/', import.meta.url)),
  types: [
    ...typeSamples.map(({ type, name = type, becomes, values }, index) => ({
      type: name,
      becomes,
      values: values.map(([, value]) => value),
      query: { path: 'type', queryParameters: { index }, columns: [{ name: 'value', type }] },
    })),
    {
      type: 'record without columns',
      becomes: { kind: 'json' },
      values: ['{"value":true}', '{"value":false}', '{"value":null}'],
      query: { path: 'type', queryParameters: { index: 0 } },
    },
  ],
  wrongPassword: {
    config: (password) => ({ ...config, auth: { type: 'bearer', token: password } }),
    code: 'http-login-refused',
  },
  network: {
    host: '127.0.0.1',
    port: api.port,
    at: ({ host, port }) => ({ ...config, baseUrl: `http://${host}:${port}/v1/` }),
  },
})
