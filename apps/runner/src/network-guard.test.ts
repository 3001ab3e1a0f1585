import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer, get } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, connect, createServer, type NetConnectOpts, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import pg from 'pg'
import { beyondPolicy, guardNetwork } from './network-guard.ts'

const denied = '127.66.0.1'

/** A server that counts who arrives. */
async function listener(t: TestContext, where: { host: string; port: number } | { path: string }) {
  const arrived: Socket[] = []
  const server = createServer((socket) => {
    arrived.push(socket)
    socket.on('error', () => undefined)
    socket.end('hello')
  })
  server.listen(where)
  await once(server, 'listening')
  t.after(() => {
    for (const socket of arrived) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { arrived, port: typeof address === 'object' ? (address?.port ?? 0) : 0 }
}

async function outcome(socket: Socket): Promise<unknown> {
  try {
    await once(socket, 'connect')
    return 'connected'
  } catch (error) {
    return error
  } finally {
    socket.destroy()
  }
}

function refusedIn(error: unknown): BulkheadError {
  for (let cause = error; typeof cause === 'object' && cause !== null; cause = (cause as Error).cause)
    if (isBulkheadError(cause)) return cause
  return assert.fail(`no refusal in ${String(error)}`)
}

test('refuses a denied address however the connection is asked for, and nothing arrives', async (t) => {
  const { arrived, port } = await listener(t, { host: denied, port: 0 })
  using guard = guardNetwork({ allow: undefined, allowLoopback: false })
  const shapes: readonly (() => Socket)[] = [
    () => connect(port, denied),
    () => connect({ port, host: denied }),
    () => connect(String(port) as unknown as number, denied),
    () => new Socket().connect(port, denied),
    () => new Socket().connect({ port, host: denied }, () => undefined),
    () => connectTls({ port, host: denied }),
    () => connectTls(port, denied),
    () => connect(Object.create({ port, host: denied }) as NetConnectOpts),
    () => connect({ port, host: '::ffff:127.66.0.1' }),
  ]
  for (const [index, open] of shapes.entries()) {
    const error = refusedIn(await outcome(open()))
    assert.equal(error.code, 'network-refused', String(index))
    assert.match(error.message, new RegExp(`127\\.66\\.0\\.1\\]?:${port}`))
    assert.ok(error.fix)
  }
  assert.equal(guard.refusal?.code, 'network-refused')
  assert.equal(arrived.length, 0)
})

test('refuses drivers and clients: fetch, http, http2, pg, AWS SDK', async (t) => {
  const { arrived, port } = await listener(t, { host: denied, port: 0 })
  const clients: Readonly<Record<string, () => Promise<unknown>>> = {
    fetch: () => fetch(`http://${denied}:${port}/`),
    http: () => once(get(`http://${denied}:${port}/`), 'response'),
    http2: () => once(connectHttp2(`http://${denied}:${port}/`), 'connect'),
    pg: () => new pg.Client({ host: denied, port, user: 'u' }).connect(),
    'pg with TLS': () => new pg.Client({ host: denied, port, user: 'u', ssl: true }).connect(),
    aws: async () => {
      const client = new S3Client({
        endpoint: `http://${denied}:${port}`,
        region: 'us-east-1',
        maxAttempts: 1,
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      })
      try {
        await client.send(new ListBucketsCommand())
      } finally {
        client.destroy()
      }
    },
  }
  for (const [name, ask] of Object.entries(clients)) {
    using guard = guardNetwork({ allow: undefined, allowLoopback: false })
    await assert.rejects(ask(), name)
    assert.equal(guard.refusal?.code, 'network-refused', name)
  }
  assert.equal(arrived.length, 0)
})

test('follows no redirect to where the policy does not lead', async (t) => {
  const { arrived, port } = await listener(t, { host: denied, port: 0 })
  const front = createHttpServer((_, response) => {
    response.writeHead(307, { location: `http://${denied}:${port}/` }).end()
  }).listen(0, '127.0.0.1')
  await once(front, 'listening')
  t.after(() => front.close())
  const { port: open } = front.address() as AddressInfo
  using guard = guardNetwork({ allow: ['127.0.0.1'], allowLoopback: true })
  assert.equal((await fetch(`http://127.0.0.1:${open}/`, { redirect: 'manual' })).status, 307)
  await assert.rejects(fetch(`http://127.0.0.1:${open}/`))
  assert.equal(guard.refusal?.code, 'network-refused')
  assert.equal(arrived.length, 0)
})

test('checks the address behind a name, and again when it changes', async (t) => {
  const { arrived, port } = await listener(t, { host: denied, port: 0 })
  using _ = guardNetwork({ allow: ['db.internal'], allowLoopback: false })
  const answers: (string | LookupAddress[])[] = [
    denied,
    '169.254.169.254',
    [{ address: denied, family: 4 }],
    [
      { address: '169.254.169.254', family: 4 },
      { address: '::1', family: 6 },
    ],
  ]
  for (const answer of answers) {
    const lookup = ((
      _host: string,
      _options: unknown,
      callback: (error: null, address: unknown, family?: number) => void,
    ) => callback(null, answer, 4)) as NonNullable<NetConnectOpts & { lookup?: unknown }>['lookup']
    const socket = connect({
      host: 'db.internal',
      port,
      autoSelectFamily: Array.isArray(answer),
      lookup,
    } as NetConnectOpts)
    const error = refusedIn(await outcome(socket))
    assert.match(error.message, new RegExp(`db\\.internal:${port} \\(`))
  }
  assert.equal(arrived.length, 0)
})

test('goes on with the addresses of a name that may be reached', async (t) => {
  const { arrived, port } = await listener(t, { host: '127.0.0.1', port: 0 })
  using guard = guardNetwork({ allow: ['127.0.0.1'], allowLoopback: true })
  const lookup = (
    _host: string,
    _options: unknown,
    callback: (error: null, found: LookupAddress[]) => void,
  ) =>
    callback(null, [
      { address: denied, family: 4 },
      { address: '127.0.0.1', family: 4 },
    ])
  const options = { host: 'mixed', port, autoSelectFamily: true, lookup } as unknown as NetConnectOpts
  assert.equal(await outcome(connect(options)), 'connected')
  assert.equal(guard.refusal, undefined)
  assert.equal(arrived.length, 1)
})

test('uses what it checked, also when the options answer differently the second time', async (t) => {
  const { arrived, port } = await listener(t, { host: denied, port: 0 })
  const { port: other } = await listener(t, { host: '127.0.0.1', port: 0 })
  using _ = guardNetwork({ allow: ['127.0.0.1'], allowLoopback: true })
  let asked = 0
  const options = {
    get host() {
      return asked++ === 0 ? '127.0.0.1' : denied
    },
    port: other,
  }
  await outcome(connect(options))
  await outcome(connect({ ...options, port }))
  assert.equal(arrived.length, 0)
})

test('refuses sockets of this machine', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-guard-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'socket')
  const { arrived } = await listener(t, { path })
  for (const open of [() => connect(path), () => connect({ path }), () => new Socket().connect(path)]) {
    using _ = guardNetwork({ allow: undefined, allowLoopback: false })
    assert.equal(refusedIn(await outcome(open())).code, 'network-refused')
  }
  assert.equal(arrived.length, 0)
})

test('lets through what the policy allows, and everything once it is over', async (t) => {
  const { arrived, port } = await listener(t, { host: denied, port: 0 })
  {
    using guard = guardNetwork({ allow: ['127.66.0.0/16'], allowLoopback: true })
    assert.equal(await outcome(connect(port, denied)), 'connected')
    assert.equal(
      await (await fetch(`http://${denied}:${port}/`).catch(() => new Response('reset'))).text(),
      'reset',
    )
    assert.equal(guard.refusal, undefined)
  }
  using other = guardNetwork({ allow: [], allowLoopback: true })
  refusedIn(await outcome(connect(port, denied)))
  other[Symbol.dispose]()
  assert.equal(await outcome(connect(port, denied)), 'connected')
  assert.equal(arrived.length, 3)
})

test('holds a connection against all policies in force', async (t) => {
  const { arrived, port } = await listener(t, { host: denied, port: 0 })
  using _wide = guardNetwork({ allow: undefined, allowLoopback: true })
  using _narrow = guardNetwork({ allow: ['10.0.0.0/8'], allowLoopback: true })
  refusedIn(await outcome(connect(port, denied)))
  assert.equal(arrived.length, 0)
})

test('leaves the own connections of the platform alone, and no others at the same time', async (t) => {
  const { arrived, port } = await listener(t, { host: denied, port: 0 })
  using _ = guardNetwork({ allow: undefined, allowLoopback: false })
  const ask = (): Promise<string> =>
    fetch(`http://${denied}:${port}/`).then(
      () => 'answered',
      (error: Error) => (isBulkheadError(error.cause) ? 'refused' : 'answered'),
    )
  assert.deepEqual(await Promise.all([ask(), beyondPolicy(ask), ask()]), ['refused', 'answered', 'refused'])
  assert.equal(arrived.length, 1)
})

test('cannot be taken off', () => {
  guardNetwork({ allow: undefined, allowLoopback: true })[Symbol.dispose]()
  assert.throws(() => {
    Socket.prototype.connect = () => assert.fail()
  }, TypeError)
  assert.equal(Reflect.deleteProperty(Socket.prototype, 'connect'), false)
})
