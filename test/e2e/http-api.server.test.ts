/** An API as a source, as its users have it: an application, secrets, pages, a result, and a policy that holds. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type TestContext, test } from 'node:test'
import type { ReplyEvent } from '@bulkhead/contract'
import { writeApplication } from '../support/application-folder.ts'
import { bulkhead, type Ended, temporaryFolder } from './command.ts'

const orders = Array.from(
  { length: 25 },
  (_, id) =>
    `{"id":${9007199254740990n + BigInt(id)},"total":${id}.50,"customer":{"city":"Gent"},"placed":"2026-10-31T08:15:00+02:00"}`,
)
const loopback = { BULKHEAD_ALLOW_LOOPBACK: '1' }
const secrets = { BULKHEAD_SECRET__SHOP__API_KEY: 'k3y-canary' }

/** Pages of 10 by a cursor, for who has the key. */
async function startShop(t: TestContext): Promise<{ port: number; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://shop.example')
    const isKnown = request.headers['x-api-key'] === secrets.BULKHEAD_SECRET__SHOP__API_KEY
    const from = Number(searchParams.get('cursor') ?? 0)
    response.setHeader('content-type', 'application/json')
    if (!isKnown) response.writeHead(401).end('{"title":"Who are you?"}')
    else if (pathname === '/v1/me') response.end('{}')
    else if (pathname !== '/v1/customers/a%2Fb%20c/orders' && pathname !== '/v1/orders')
      response.writeHead(404).end('{}')
    else {
      const next = from + 10 < orders.length ? from + 10 : null
      response.end(`{"data":[${orders.slice(from, from + 10).join(', ')}],"meta":{"next":${next}}}`)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, seen }
}

async function application(
  t: TestContext,
  port: number,
  policy: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const paging = { by: 'cursor', at: '/meta/next', parameter: 'cursor' }
  return await writeApplication(temporaryFolder(t), 'shop', {
    connections: {
      shop: {
        connector: 'http',
        config: {
          baseUrl: `http://127.0.0.1:${port}/v1/`,
          auth: { type: 'apiKey', name: 'X-API-Key', value: { secret: 'api-key' } },
          checkPath: 'me',
          retry: { attempts: 1 },
        },
      },
    },
    stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
    jobs: {
      'of-customer': {
        parameters: { customer: { type: 'string' } },
        source: {
          connection: 'shop',
          query: { path: ['customers', { $param: 'customer' }, 'orders'], records: '/data', paging },
        },
        output: { format: 'jsonl' },
        deliver: { store: 'out' },
      },
      table: {
        source: {
          connection: 'shop',
          query: {
            path: 'orders',
            records: '/data',
            paging,
            columns: [
              { name: 'id', type: 'integer' },
              { name: 'total', type: 'decimal(9,2)' },
              { name: 'city', type: 'text', path: '/customer/city' },
              { name: 'placed', type: 'timestamptz' },
            ],
          },
        },
        output: { format: 'csv' },
        deliver: { store: 'out' },
      },
    },
    policy,
  })
}

function run(
  folder: string,
  args: readonly string[],
  environment: object = { ...loopback, ...secrets },
): Promise<Ended> {
  return bulkhead(['run', '--application', folder, '--quiet', ...args], { environment: { ...environment } })
}

async function contentOf(ended: Ended): Promise<string> {
  assert.ok(ended.stdout !== '', ended.stderr)
  const { data } = JSON.parse(ended.stdout) as ReplyEvent
  const location = data.result?.files[0]?.location ?? assert.fail(JSON.stringify(data.error))
  return await readFile(fileURLToPath(location), 'utf8')
}

test('an API becomes JSON Lines as it answered, and a table with exact values', async (t) => {
  const { port } = await startShop(t)
  const folder = await application(t, port)
  const lines = await contentOf(await run(folder, ['--job', 'of-customer', '--parameter', 'customer=a/b c']))
  assert.equal(lines, orders.map((order) => `${order}\n`).join(''))
  const table = await contentOf(await run(folder, ['--job', 'table']))
  assert.equal(table.split('\n')[4], '9007199254740993,3.50,Gent,2026-10-31 06:15:00+00')
})

test('a check proves the key, and says what is wrong without it', async (t) => {
  const { port } = await startShop(t)
  const folder = await application(t, port)
  const check = (environment: object): Promise<Ended> =>
    bulkhead(['check', folder], { environment: { ...loopback, ...environment } })
  const right = await check(secrets)
  assert.equal(right.code, 0, right.stderr)
  const wrong = await check({ BULKHEAD_SECRET__SHOP__API_KEY: 'wr0ng-canary' })
  assert.equal(wrong.code, 2)
  assert.match(wrong.stdout + wrong.stderr, /http-login-refused/)
  assert.doesNotMatch(wrong.stdout + wrong.stderr, /wr0ng-canary/)
})

test('the network policy of the application holds for an API', async (t) => {
  const { port, seen } = await startShop(t)
  const elsewhere = await application(t, port, { network: { allow: ['api.example.com:443'] } })
  const closed = await application(t, port)
  for (const [folder, environment] of [
    [elsewhere, { ...loopback, ...secrets }],
    [closed, secrets],
  ] as const) {
    const ended = await run(folder, ['--job', 'table'], environment)
    const { data } = JSON.parse(ended.stdout) as ReplyEvent
    assert.equal(data.error?.code, 'network-refused', ended.stderr)
  }
  assert.equal(seen.length, 0)
})
