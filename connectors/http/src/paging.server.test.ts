import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startProxy } from '../../../test/support/proxy.ts'
import { json, type SeenRequest, startApi } from './testing/api-server.ts'
import { readAll, readFailure, readRecords } from './testing/read.ts'

const ALL = 23
const range = (from: number, to: number): { id: number }[] =>
  Array.from({ length: Math.max(0, Math.min(ALL, to) - from) }, (_, index) => ({ id: from + index }))
const everything = range(0, ALL)

/** Pages of 10; each path has another way to the next one. */
const api = await startApi({ after }, (request) => {
  const { path, parameters, body } = request
  const number = (name: string, otherwise: number): number => Number(parameters.get(name) ?? otherwise)
  switch (path) {
    case '/link': {
      const at = number('p', 1)
      const next =
        at < 3 ? { link: `<${api.url}/link?p=${at + 1}&f=x%2Cy>; rel="next", </link?p=3>; rel="last"` } : {}
      return json(request, range((at - 1) * 10, at * 10), 200, next as Record<string, string>)
    }
    case '/link-with-holes': {
      const at = number('p', 1)
      const records = at % 2 === 0 ? range((at / 2 - 1) * 10, (at / 2) * 10) : []
      return json(request, records, 200, at < 6 ? { link: `<?p=${at + 1}>; rel=next` } : {})
    }
    case '/url': {
      const from = number('from', 0)
      return json(request, {
        next: from + 10 < ALL ? `?from=${from + 10}` : '',
        items: range(from, from + 10),
      })
    }
    case '/cursor': {
      const from = Number(Buffer.from(parameters.get('cursor') ?? 'MA==', 'base64').toString())
      const next = from + 10 < ALL ? Buffer.from(String(from + 10)).toString('base64') : null
      return json(request, { data: range(from, from + 10), meta: { next, more: next !== null } })
    }
    case '/search': {
      const { query, page } = JSON.parse(body) as { query: string; page?: { after?: number } }
      assert.equal(query, 'open')
      assert.ok(page?.after === undefined || typeof page.after === 'number')
      const from = Number(page?.after ?? 0)
      return json(
        request,
        `{"next":${from + 10 < ALL ? from + 10 : 'null'},"data":${JSON.stringify(range(from, from + 10))}}`,
      )
    }
    case '/pages-of-bodies': {
      const { page } = JSON.parse(body) as { page: number }
      return json(request, range((page - 1) * 10, page * 10))
    }
    case '/after': {
      const from = number('starting_after', -1) + 1
      return json(request, { data: range(from, from + 10), has_more: from + 10 < ALL })
    }
    // Gives at most 7 records, whatever was asked for.
    case '/offset':
      return json(request, {
        total: ALL,
        data: range(number('offset', 0), number('offset', 0) + Math.min(7, number('limit', 5))),
      })
    case '/page': {
      const at = number('page', 1)
      return at > 3
        ? json(request, { title: 'Invalid page' }, 404)
        : json(request, range((at - 1) * 10, at * 10))
    }
    case '/ndjson': {
      const at = number('page', 1)
      return json(
        request,
        range((at - 1) * 10, at * 10)
          .map((record) => `${JSON.stringify(record)}\n`)
          .join(''),
      )
    }
    case '/ignores':
      return json(request, range(0, 10))
    case '/circle':
      return json(request, { data: [], next: `/circle?p=${(number('p', 0) + 1) % 3}` })
    case '/same-cursor':
      return json(request, { data: range(0, 1), next: 'again' })
    case '/elsewhere':
      return json(request, { data: [], next: 'https://evil.example.com/steal' })
    case '/other-port':
      return json(request, [], 200, { link: `<http://127.0.0.1:${api.port + 1}/x>; rel=next` })
    case '/contradiction':
      return json(request, { data: [], more: true, next: null })
    case '/strange':
      return json(request, { data: [], next: { a: 1 } })
    case '/late-fault':
      return number('page', 1) === 1
        ? json(request, range(0, 10))
        : json(request, { error: 'no such page' }, 400)
    // Says that there are more pages, and has none behind the third one.
    case '/page-with-more': {
      const at = number('page', 1)
      const data = range((at - 1) * 10, at * 10)
      return at > 3 ? json(request, { error: 'no such page' }, 404) : json(request, { data, more: true })
    }
    case '/total-lies':
      return json(request, { data: range(number('offset', 0), 10), total: ALL })
    default:
      return json(request, {}, 404)
  }
})
const config = { baseUrl: api.url, retry: { attempts: 1 } }

function requestsTo(path: string): SeenRequest[] {
  return api.seen.filter((request) => request.path === path)
}

const ways: [title: string, query: Record<string, unknown>, requests: number][] = [
  ['the Link header', { path: 'link', paging: { by: 'link' } }, 3],
  ['the Link header, over pages without records', { path: 'link-with-holes', paging: { by: 'link' } }, 6],
  ['an address in the answer', { path: 'url', records: '/items', paging: { by: 'url', at: '/next' } }, 3],
  [
    'a cursor',
    { path: 'cursor', records: '/data', paging: { by: 'cursor', at: '/meta/next', parameter: 'cursor' } },
    3,
  ],
  [
    'a cursor with has-more',
    {
      path: 'cursor',
      records: '/data',
      paging: { by: 'cursor', at: '/meta/next', parameter: 'cursor', hasMore: '/meta/more' },
    },
    3,
  ],
  [
    'a cursor in the body of a POST',
    {
      path: 'search',
      method: 'POST',
      body: { query: 'open', page: { size: 10 } },
      records: '/data',
      paging: { by: 'cursor', at: '/next', bodyField: '/page/after' },
    },
    3,
  ],
  [
    'a page number in the body of a POST',
    { path: 'pages-of-bodies', method: 'POST', paging: { by: 'page', bodyField: '/page' } },
    4,
  ],
  [
    'a value of the last record',
    {
      path: 'after',
      records: '/data',
      paging: { by: 'cursor', lastRecord: '/id', parameter: 'starting_after', hasMore: '/has_more' },
    },
    3,
  ],
  [
    'a value of the last record, to a page without records',
    {
      path: 'after',
      records: '/data',
      paging: { by: 'cursor', lastRecord: '/id', parameter: 'starting_after' },
    },
    4,
  ],
  [
    'an offset, although the server gives fewer records than were asked for',
    { path: 'offset', records: '/data', paging: { by: 'offset', sizeParameter: 'limit', size: 10 } },
    5,
  ],
  [
    'an offset up to a total',
    {
      path: 'offset',
      records: '/data',
      paging: { by: 'offset', sizeParameter: 'limit', size: 10, total: '/total' },
    },
    4,
  ],
  ['a page number up to a status', { path: 'page', paging: { by: 'page', endStatus: 404 } }, 4],
  [
    'a page number up to a status, whatever the page before said',
    {
      path: 'page-with-more',
      records: '/data',
      paging: { by: 'page', endStatus: 404, hasMore: '/more' },
    },
    4,
  ],
  ['a page number up to a short page', { path: 'page', paging: { by: 'page', size: 10, end: 'short' } }, 3],
  ['a page number of JSON Lines', { path: 'ndjson', format: 'ndjson', paging: { by: 'page' } }, 4],
]
for (const [title, query, requests] of ways)
  test(`reads all pages by ${title}`, async () => {
    const before = api.seen.length
    assert.deepEqual(await readRecords({ config, query }), everything)
    assert.equal(api.seen.length - before, requests)
  })

test('sends what the query says with every page', async () => {
  const before = api.seen.length
  await readRecords({
    config,
    query: {
      path: 'cursor',
      queryParameters: { status: ['a', 'b'] },
      headers: { 'X-Tenant': '7' },
      records: '/data',
      paging: { by: 'cursor', at: '/meta/next', parameter: 'cursor' },
    },
  })
  for (const { parameters, headers } of api.seen.slice(before)) {
    assert.deepEqual(parameters.getAll('status'), ['a', 'b'])
    assert.equal(headers['x-tenant'], '7')
  }
})

test('keeps the parameters in the address of the next page, as the server wrote it', async () => {
  await readRecords({ config, query: { path: 'link', paging: { by: 'link' } } })
  assert.equal(requestsTo('/link').at(-1)?.parameters.get('f'), 'x,y')
})

const faults: [title: string, query: Record<string, unknown>, code: string][] = [
  ['a next page that nobody follows', { path: 'link' }, 'http-more-pages'],
  ['a server that ignores the offset', { path: 'ignores', paging: { by: 'offset' } }, 'http-paging-loop'],
  [
    'a server that ignores the page',
    { path: 'ignores', paging: { by: 'page', parameter: 'pgae' } },
    'http-paging-loop',
  ],
  [
    'pages in a circle',
    { path: 'circle', records: '/data', paging: { by: 'url', at: '/next' } },
    'http-paging-loop',
  ],
  [
    'the same cursor twice',
    { path: 'same-cursor', records: '/data', paging: { by: 'cursor', at: '/next', parameter: 'c' } },
    'http-paging-loop',
  ],
  [
    'a next page at another host',
    { path: 'elsewhere', records: '/data', paging: { by: 'url', at: '/next' } },
    'http-next-elsewhere',
  ],
  ['a next page at another port', { path: 'other-port', paging: { by: 'link' } }, 'http-next-elsewhere'],
  [
    'more pages without a cursor',
    {
      path: 'contradiction',
      records: '/data',
      paging: { by: 'cursor', at: '/next', parameter: 'c', hasMore: '/more' },
    },
    'http-paging-broken',
  ],
  [
    'more pages without an address',
    { path: 'contradiction', records: '/data', paging: { by: 'url', at: '/next', hasMore: '/more' } },
    'http-paging-broken',
  ],
  [
    'a cursor that is an object',
    { path: 'strange', records: '/data', paging: { by: 'cursor', at: '/next', parameter: 'c' } },
    'http-paging-broken',
  ],
  [
    'has-more that is missing',
    { path: 'strange', records: '/data', paging: { by: 'url', at: '/next', hasMore: '/more' } },
    'http-paging-broken',
  ],
  [
    'an empty page before the total is reached',
    { path: 'total-lies', records: '/data', paging: { by: 'offset', total: '/total' } },
    'http-paging-broken',
  ],
  ['more pages than allowed', { path: 'link', paging: { by: 'link', maxPages: 2 } }, 'http-too-many-pages'],
  ['a later page that is refused', { path: 'late-fault', paging: { by: 'page' } }, 'http-request-refused'],
  ['a page number without its end', { path: 'page', paging: { by: 'page' } }, 'http-not-found'],
]
for (const [title, query, code] of faults)
  test(`takes no end for granted: ${title} is ${code}`, async () => {
    const error = await readFailure({ config, query })
    assert.equal(error.code, code, error.message)
  })

test('takes one page when one is wanted, and pages that are alike when they may be', async () => {
  assert.equal((await readRecords({ config, query: { path: 'link', paging: { by: 'none' } } })).length, 10)
  const error = await readFailure({
    config,
    query: { path: 'ignores', paging: { by: 'offset', repeats: 'allow', maxPages: 3 } },
  })
  assert.equal(error.code, 'http-too-many-pages')
})

test('asks for no page behind the last row that is wanted', async () => {
  const before = api.seen.length
  const { rows } = await readAll({ config, query: { path: 'link', paging: { by: 'link' } }, maxRows: 10 })
  assert.equal(rows.length, 10)
  assert.equal(api.seen.length - before, 1)
})

test('reads all pages over one connection', async () => {
  const proxy = await startProxy({ after }, { host: '127.0.0.1', port: api.port })
  const through = { ...config, baseUrl: `http://127.0.0.1:${proxy.port}` }
  await readRecords({ config: through, query: { path: 'ndjson', format: 'ndjson', paging: { by: 'page' } } })
  assert.equal(proxy.accepted, 1)
})
