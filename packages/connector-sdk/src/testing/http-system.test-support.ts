/**
 * A small system over HTTP, and connectors of both roles to it that keep every promise: what the doubles
 * break where a network has to be in between.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { defineConnector, SDK_VERSION, type ConnectorDefinition } from '../connector.ts'
import type { ConnectionContext } from '../context.ts'
import { BulkheadError } from '../errors.ts'
import type { ReadRequest, Source } from '../source.ts'
import type { Store, Upload } from '../store.ts'
import { columnsOf, memoryFields, type MemoryQuery } from './memory-source.test-support.ts'
import type { Scope } from './proxy.ts'
import type { Address, SourceSubject, StoreSubject } from './subject.ts'

const ROW_BYTES = 1000
/** 10 MB: more than twice what the sockets in between hold when a reader pauses. */
const LARGE_ROWS = 10_000
const PART_BYTES = 1_000_000

export interface HttpSystem extends Address {
  readonly objects: Map<string, Buffer>
  readonly uploads: Map<string, Map<number, Buffer>>
  /** Requests that it works on. */
  readonly atWork: () => number
  /** Ends every connection and answers nobody, until it is started at the same port. */
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
}

/** Serves rows at `/rows?rows=N&wait=MS`, and takes objects in parts; asks for a password. */
export async function startHttpSystem(scope: Scope): Promise<HttpSystem> {
  const objects: HttpSystem['objects'] = new Map()
  const uploads: HttpSystem['uploads'] = new Map()
  let working = 0
  const server = createServer((request, response) => {
    working++
    response.on('close', () => working--)
    answer(request, response, objects, uploads).catch(() => response.destroy())
  })
  const start = async (at: number): Promise<void> => {
    server.listen(at, '127.0.0.1')
    await once(server, 'listening')
  }
  const stop = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  await start(0)
  scope.after(() => (server.listening ? stop() : undefined))
  const { port } = server.address() as AddressInfo
  return {
    host: '127.0.0.1',
    port,
    objects,
    uploads,
    atWork: () => working,
    stop,
    start: () => start(port),
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  objects: HttpSystem['objects'],
  uploads: HttpSystem['uploads'],
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (request.headers.authorization !== 'Bearer open sesame') {
    response.writeHead(401).end()
    return
  }
  if (url.pathname === '/rows') {
    const rows = Number(url.searchParams.get('rows'))
    await sleep(Number(url.searchParams.get('wait')), undefined, { ref: false })
    response.writeHead(200, { 'content-length': rows * ROW_BYTES })
    await pipeline(Readable.from(rowsOf(rows)), response)
    return
  }
  const key = url.searchParams.get('key') ?? ''
  const body = await buffer(request)
  if (request.method === 'PUT') {
    const parts = uploads.get(key) ?? new Map<number, Buffer>()
    uploads.set(key, parts.set(Number(url.searchParams.get('part')), body))
  }
  if (request.method === 'POST') {
    const parts = [...(uploads.get(key) ?? [])].toSorted(([a], [b]) => a - b)
    objects.set(key, Buffer.concat(parts.map(([, part]) => part)))
    uploads.delete(key)
  }
  if (request.method === 'DELETE') for (const held of [objects, uploads]) held.delete(key)
  response.writeHead(204).end()
}

function* rowsOf(rows: number): Generator<Buffer> {
  const block = Buffer.alloc(100 * ROW_BYTES, 'x')
  for (let at = 0; at < rows; at += 100) yield block.subarray(0, Math.min(100, rows - at) * ROW_BYTES)
}

const settings = z.strictObject({
  host: z.string().describe('Where it is'),
  port: z.number().describe('Its port'),
  password: z.string().describe('Its password').meta({ secret: true }),
})
type Settings = z.output<typeof settings>

const errors = [
  { code: 'http-away', kind: 'transient', meaning: 'Nobody is there', fix: 'Try again' },
  { code: 'http-refused', kind: 'auth', meaning: 'The password is wrong', fix: 'Correct it' },
] as const

export function httpFailure(code: 'http-away' | 'http-refused', cause?: unknown): BulkheadError {
  const { kind, fix, meaning } = errors.find((error) => error.code === code) ?? errors[0]
  return new BulkheadError({ kind, code, message: meaning, fix, ofConnection: code === 'http-away', cause })
}

/** What the doubles replace. */
export interface HttpParts {
  readonly definition?: (definition: ConnectorDefinition<Settings>) => ConnectorDefinition<Settings>
  /** One request, answered with its head. */
  readonly ask?: typeof ask
  readonly read?: typeof readRows
  readonly subject?: object
}

/** A request; `undefined` as time to answer means that the query may take its time. */
export async function ask(
  { config, limits }: ConnectionContext<Settings>,
  path: string,
  signal: AbortSignal,
  request: {
    readonly method?: string
    readonly body?: Uint8Array<ArrayBuffer>
    readonly timeMs?: number | undefined
  },
): Promise<Response> {
  const timeMs = 'timeMs' in request ? request.timeMs : limits.connectTimeoutMs
  const time = new AbortController()
  const timer = timeMs === undefined ? undefined : setTimeout(() => time.abort(), timeMs)
  try {
    const response = await fetch(`http://${config.host}:${config.port}${path}`, {
      method: request.method ?? 'GET',
      headers: { authorization: `Bearer ${config.password}` },
      body: request.body ?? null,
      signal: AbortSignal.any([signal, time.signal]),
    })
    if (response.status === 401) throw httpFailure('http-refused')
    return response
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof BulkheadError) throw error
    throw httpFailure('http-away')
  } finally {
    clearTimeout(timer)
  }
}

/** Yields a batch for each whole row or more that came. */
export async function* readRows(response: Response, query: MemoryQuery, signal: AbortSignal) {
  let bytes = 0
  let rows = 0
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      const whole = Math.floor(bytes / ROW_BYTES) - rows
      if (whole > 0) yield columnsOf(rows, whole, query)
      rows += whole
    }
  } catch {
    signal.throwIfAborted()
    throw httpFailure('http-away')
  }
  signal.throwIfAborted()
  if (rows !== query.rows) throw httpFailure('http-away')
}

function connector(parts: HttpParts): ConnectorDefinition<Settings> {
  const asking = parts.ask ?? ask
  const check = (context: ConnectionContext<Settings>) => async (signal: AbortSignal) => {
    await asking(context, '/rows?rows=0', signal, {})
    return 'it is there'
  }
  const definition = defineConnector<Settings>({
    name: 'http',
    sdk: SDK_VERSION,
    summary: 'A small system',
    config: settings,
    query: z.strictObject({ rows: z.number().describe('How many') }).describe('Which rows'),
    source: {
      capabilities: {
        forms: ['columns'],
        encodes: {},
        snapshot: false,
        replayable: true,
        readOnly: 'enforced',
        query: 'object',
        limitsRows: false,
      },
      open: async (context): Promise<Source> => ({
        check: check(context),
        async prepare(read: ReadRequest, signal) {
          const query = read.query as MemoryQuery
          const path = `/rows?rows=${query.rows}&wait=${query.wait ?? 0}`
          const response = await asking(context, path, signal, { timeMs: undefined })
          return {
            fields: memoryFields,
            consistency: 'none',
            read: (readSignal) =>
              (parts.read ?? readRows)(stoppable(response, readSignal), query, readSignal),
            async [Symbol.asyncDispose]() {
              await response.body?.cancel().catch(() => undefined)
            },
          }
        },
        async [Symbol.asyncDispose]() {},
      }),
    },
    store: {
      capabilities: { parallelParts: true, links: 'platform' },
      open: async (context): Promise<Store> => ({
        check: check(context),
        create: async ({ key }) => createUpload(context, key, asking),
        link: (object, request) => context.signLink({ ...object, path: `/${object.key}` }, request),
        async remove({ key }, signal) {
          await asking(context, `/objects?key=${encodeURIComponent(key)}`, signal, { method: 'DELETE' })
        },
        sweep: () => Promise.reject(new Error('Nobody sweeps here')),
        createIfAbsent: () => Promise.reject(new Error('Nobody remembers here')),
        readStart: () => Promise.reject(new Error('Nobody remembers here')),
        async [Symbol.asyncDispose]() {},
      }),
    },
    errors,
  })
  return parts.definition?.(definition) ?? definition
}

/** The signal of the read ends the body too, which was asked for under that of `prepare`. */
function stoppable(response: Response, signal: AbortSignal): Response {
  const stream = response.body?.pipeThrough(new TransformStream(), { signal }) ?? null
  return new Response(stream)
}

function createUpload(context: ConnectionContext<Settings>, key: string, asking: typeof ask): Upload {
  const path = `/objects?key=${encodeURIComponent(key)}`
  let bytes = 0
  return {
    partBytes: PART_BYTES,
    inFlight: 2,
    async writePart(number, part, signal) {
      const body = Uint8Array.from(part)
      await asking(context, `${path}&part=${number}`, signal, { method: 'PUT', body, timeMs: undefined })
      bytes += part.length
    },
    async complete(signal) {
      await asking(context, path, signal, { method: 'POST' })
      return { key, location: `http://objects/${key}`, bytes }
    },
    async abort() {
      const remove = () => asking(context, path, new AbortController().signal, { method: 'DELETE' })
      // A connection of the pool may be dead, and nobody has noticed yet.
      await remove()
        .catch(remove)
        .catch(() => undefined)
    },
  }
}

function common(system: HttpSystem, parts: HttpParts) {
  const config = { host: system.host, port: system.port, password: 'open sesame' }
  return {
    connector: connector(parts),
    config,
    wrongConfigs: [
      { title: 'another password', config: { ...config, password: 'open' }, code: 'http-refused' },
    ],
    system: 'a small system',
    wrongPassword: { config: (password: string) => ({ ...config, password }), code: 'http-refused' },
    network: { host: system.host, port: system.port, at: (address: Address) => ({ ...config, ...address }) },
    settings: [{ version: '1.0.0', given: config, meant: config }],
  }
}

export function httpSource(system: HttpSystem, parts: HttpParts = {}): SourceSubject<Settings> {
  return {
    ...common(system, parts),
    cases: [{ title: 'two rows', query: { rows: 2 }, rows: [] }],
    wrongQueries: [],
    large: { query: { rows: LARGE_ROWS } },
    slow: { query: { rows: 1, wait: 60_000 } },
    atWork: async () => system.atWork() > 0,
    ...parts.subject,
  }
}

export function httpStore(system: HttpSystem, parts: HttpParts = {}): StoreSubject<Settings> {
  return {
    ...common(system, parts),
    read: async (key) => system.objects.get(key),
    everything: async () => [
      ...system.objects.keys(),
      ...[...system.uploads.keys()].map((key) => `${key} in parts`),
    ],
    ...parts.subject,
  }
}
