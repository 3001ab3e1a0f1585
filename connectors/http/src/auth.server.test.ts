import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Provider from 'oidc-provider'
import { json, startApi } from './testing/api-server.ts'
import { readAll, readFailure, readRecords } from './testing/read.ts'

const CLIENT = 'reports & more'
const SECRET = 'client+secret/with:signs%'
const tokens = await startProvider()

async function startProvider(): Promise<{ url: string; requests: () => number; lifeSeconds: number }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const state = { url, count: 0, lifeSeconds: 600, requests: () => state.count }
  const provider = new Provider(url, {
    clients: [
      {
        client_id: CLIENT,
        client_secret: SECRET,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: 'by-body',
        client_secret: SECRET,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    scopes: ['orders.read'],
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'orders.read',
          accessTokenFormat: 'opaque',
          accessTokenTTL: state.lifeSeconds,
        }),
      },
    },
    ttl: { ClientCredentials: () => state.lifeSeconds },
  })
  const callback = provider.callback()
  server.on('request', (request, response) => {
    if (request.url === '/token') state.count++
    void callback(request, response)
  })
  after(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return state
}

/** What the API takes, and whether it forgets a token after its first request. */
const accepts = { used: new Set<string>(), once: false }
const api = await startApi({ after }, async (request) => {
  const { path, headers, parameters } = request
  const authorization = headers.authorization ?? ''
  const page = Number(parameters.get('page') ?? 1)
  const records = page > 3 ? [] : [{ page }]
  switch (path) {
    case '/basic':
      return json(
        request,
        records,
        authorization === `Basic ${Buffer.from('ada:pässword').toString('base64')}` ? 200 : 401,
      )
    case '/header':
      return json(request, records, headers['x-api-key'] === 'k3y' ? 200 : 401)
    case '/query':
      if (parameters.getAll('api_key').join() !== 'k&3y=') return json(request, {}, 401)
      return json(
        request,
        records,
        200,
        page < 3 ? { link: `</query?page=${page + 1}&api_key=old>; rel=next` } : {},
      )
    case '/forbidden':
      return json(request, { message: 'Bearer t0ken-canary is not allowed.' }, 403)
    case '/oauth': {
      const token = authorization.replace(/^Bearer /, '')
      const isKnown = await introspect(token)
      if (!isKnown || (accepts.once && accepts.used.has(token)))
        return json(request, { error: 'invalid_token' }, 401)
      accepts.used.add(token)
      return json(request, records)
    }
    case '/repeats':
      return json(request, { message: `Token ${authorization.split(' ')[1]} may not do this` }, 403)
    case '/never':
      return json(request, { error: 'invalid_token' }, 401)
    case '/login-page':
      request.response.setHeader('content-type', 'text/html')
      return void request.response.end('<html>')
    default:
      return json(request, {}, 404)
  }
})

async function introspect(token: string): Promise<boolean> {
  const answer = await fetch(`${tokens.url}/token/introspection`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${encodeURIComponent(CLIENT)}:${encodeURIComponent(SECRET)}`).toString('base64')}`,
    },
    body: new URLSearchParams({ token }),
  })
  return ((await answer.json()) as { active?: boolean }).active === true
}

const three = [{ page: 1 }, { page: 2 }, { page: 3 }]
const paging = { by: 'page' }
const config = (auth: unknown) => ({ baseUrl: api.url, auth, retry: { attempts: 1 } })
const oauth = (more: object = {}) =>
  config({ type: 'oauth2', endpoint: `${tokens.url}/token`, clientId: CLIENT, clientSecret: SECRET, ...more })

test('logs in by user and password, and by a key in a header', async () => {
  assert.deepEqual(
    await readRecords({
      config: config({ type: 'basic', user: 'ada', password: 'pässword' }),
      query: { path: 'basic', paging },
    }),
    three,
  )
  const key = { type: 'apiKey', name: 'X-API-Key', value: 'k3y' }
  assert.deepEqual(await readRecords({ config: config(key), query: { path: 'header', paging } }), three)
})

test('puts a key into every address, also of a next page that has another one', async () => {
  const key = { type: 'apiKey', in: 'query', name: 'api_key', value: 'k&3y=' }
  assert.deepEqual(
    await readRecords({ config: config(key), query: { path: 'query', paging: { by: 'link' } } }),
    three,
  )
})

test('tells a refused login from a refused right, and shows no credential that the server repeats', async () => {
  const refused = await readFailure({
    config: config({ type: 'basic', user: 'ada', password: 'wrong' }),
    query: { path: 'basic' },
  })
  assert.deepEqual([refused.code, refused.kind, refused.path], ['http-login-refused', 'auth', 'config.auth'])
  const forbidden = await readFailure({
    config: config({ type: 'bearer', token: 't0ken-canary' }),
    query: { path: 'forbidden' },
  })
  assert.deepEqual([forbidden.code, forbidden.kind], ['http-forbidden', 'auth'])
  assert.doesNotMatch(JSON.stringify([forbidden, forbidden.message]), /t0ken-canary/)
})

test('fetches one token for all pages, by basic authentication and in the body', async () => {
  for (const send of ['header', 'body'] as const) {
    const before = tokens.requests()
    const auth =
      send === 'body'
        ? oauth({ send, clientId: 'by-body' })
        : oauth({ scope: 'orders.read', resource: 'https://api.example.com' })
    assert.deepEqual(await readRecords({ config: auth, query: { path: 'oauth', paging } }), three)
    assert.equal(tokens.requests() - before, 1, send)
  }
})

test('renews a token that the API refuses, once a request', async () => {
  accepts.once = true
  try {
    const before = tokens.requests()
    assert.deepEqual(await readRecords({ config: oauth(), query: { path: 'oauth', paging } }), three)
    assert.equal(tokens.requests() - before, 4)
  } finally {
    accepts.once = false
  }
  const before = tokens.requests()
  const error = await readFailure({ config: oauth(), query: { path: 'never' } })
  assert.equal(error.code, 'http-login-refused')
  assert.equal(tokens.requests() - before, 2)
})

test('renews a token before it ends', async () => {
  // The provider counts in whole seconds, so that a token of three may end after two.
  tokens.lifeSeconds = 3
  try {
    const [before, seen] = [tokens.requests(), api.seen.length]
    const slow = { ...oauth(), requestsPerSecond: 0.7 }
    assert.deepEqual(await readRecords({ config: slow, query: { path: 'oauth', paging } }), three)
    assert.equal(tokens.requests() - before, 2)
    assert.deepEqual([...new Set(api.seen.slice(seen).map(({ response }) => response.statusCode))], [200])
  } finally {
    tokens.lifeSeconds = 600
  }
})

test('says what is wrong with client, scope or endpoint, and never the secret', async () => {
  const cases: [object, string][] = [
    [{ clientSecret: 'wr0ng-canary' }, 'http-token-refused'],
    [{ clientId: 'nobody' }, 'http-token-refused'],
    [{ resource: 'urn:x#fragment' }, 'http-token-refused'],
    [{ endpoint: `${tokens.url}/nowhere` }, 'http-token-invalid'],
    [{ endpoint: `${api.url}/login-page` }, 'http-token-invalid'],
    [{ endpoint: 'http://127.0.0.1:1/token' }, 'http-unreachable'],
    [{ endpoint: 'http://192.0.2.1/token' }, 'http-unencrypted'],
  ]
  for (const [more, code] of cases) {
    const error = await readFailure({ config: oauth(more), query: { path: 'oauth' } })
    assert.equal(error.code, code, `${JSON.stringify(more)}: ${error.message}`)
    assert.doesNotMatch(`${error.message}${error.fix}${JSON.stringify(error)}`, /wr0ng-canary|client\+secret/)
  }
})

test('shows no token that the API repeats', async () => {
  const error = await readFailure({ config: oauth(), query: { path: 'repeats' } })
  assert.match(error.message, /refuses page 1 \(status 403\)$/)
})

test('stops while it waits for a token', async () => {
  const silent = await startApi({ after }, () => undefined)
  const stop = new AbortController()
  const reason = new Error('the test stops it')
  const config = oauth({ endpoint: `${silent.url}/token` })
  const reading = readAll({ config, query: { path: 'oauth' }, signal: stop.signal }).catch(
    (error: unknown) => error,
  )
  await sleep(100)
  stop.abort(reason)
  assert.equal(await reading, reason)
})

test('shows tokens and keys in no log', async () => {
  const { logged } = await readAll({ config: oauth(), query: { path: 'oauth', paging } })
  const text = JSON.stringify(logged)
  for (const token of [...accepts.used, SECRET]) assert.ok(!text.includes(token))
})
