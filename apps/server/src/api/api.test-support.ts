/** The HTTP API as it is served, on a SQLite repository and the examples; only runners are a double. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, type TestContext } from 'node:test'
import {
  type Endpoint,
  endpoints,
  openApiDocument,
  platformSchema,
  type PlatformSpec,
  type StoredReply,
} from '@bulkhead/contract'
import type { Catalog } from '@bulkhead/engine'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { type Applications, openApplications } from '../applications/applications.ts'
import { createAuth } from '../auth/authenticate.ts'
import { newToken } from '../auth/token.ts'
import type { Runners } from '../dispatch/runners.ts'
import { openEngines } from '../engines/engines.ts'
import { createRollouts } from '../engines/roll-out.ts'
import { createIntake } from '../intake/create-intake.ts'
import type { Intake } from '../intake/intake.ts'
import { createHealth, type Health } from '../observe/health.ts'
import { createMetrics } from '../observe/metrics.ts'
import { createServerLog } from '../observe/server-log.ts'
import { noTracing, type Tracing } from '../observe/tracing.ts'
import { openRepository } from '../repository/open-repository.ts'
import type { Repository, RunRecord } from '../repository/repository.ts'
import { createApi } from './create-api.ts'
import type { HttpTls } from './http-tls.ts'

/** Read once: no test changes them. */
let catalog: Promise<Catalog> | undefined
const checkout = resolve(import.meta.dirname, '../../../..')
/** For the whole file: what is opened in a test ends with it. */
const { applications: applicationsOfFile, repository: repositoryOfFile } = await openExamples()
/** An application of the examples, with a job of one required parameter. */
export const application = 'flights'
export const other = 'data-desk'
export const job = 'departures'

export interface ServedApi {
  readonly url: string
  readonly repository: Repository
  readonly applications: Applications
  readonly health: Health
  readonly logLines: readonly string[]
  /** As a server that ends. */
  close(): Promise<void>
  /** Milliseconds that the clock of the server is ahead. */
  pass(ms: number): void
  /** A header with a new token of these scopes. */
  token(...scopes: readonly string[]): Promise<Record<string, string>>
  /** Calls, and holds the answer against the OpenAPI document. */
  call(method: string, path: string, options?: CallOptions): Promise<Called>
  /** Writes text as it is, and reads until the server closes or this time is over. */
  raw(text: string | readonly string[], waitMs?: number): Promise<string>
  /** A run that is over: with a result of one file, or a failure. */
  finishedRun(status: 'completed' | 'failed', requestId?: string): Promise<RunRecord>
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface Called {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** What JSON the body is; empty for none. */
  readonly json: Record<string, unknown>
}

export interface ServeOptions {
  readonly http?: Partial<PlatformSpec['http']>
  readonly tls?: HttpTls
  readonly tokens?: 'required' | 'off'
  readonly timeouts?: { readonly headersMs: number; readonly requestMs: number }
  readonly tracing?: Tracing
  readonly intake?: (intake: Intake) => Intake
  readonly repository?: (repository: Repository) => Repository
  readonly runners?: Partial<Runners>
  /** Folder of engines; default: there is none. */
  readonly engines?: string
}

export async function serveApi(t: TestContext, options: ServeOptions = {}): Promise<ServedApi> {
  const stateFolder = await mkdtemp(join(tmpdir(), 'bulkhead-api-'))
  let ahead = 0
  const now = (): number => Date.now() + ahead
  const logLines: string[] = []
  const log = createServerLog({ level: 'debug', write: (line) => void logLines.push(line), now })
  const opened = await openRepository(
    { sqlite: {} },
    { stateFolder, memoryMs: 86_400_000, clock: now, log: () => undefined },
  )
  const repository = options.repository?.(opened) ?? opened
  const applications = applicationsOfFile
  catalog ??= readCatalog([join(checkout, 'node_modules', '@bulkhead')])
  const intake = createIntake({
    runnerOf: () => 'build-1',
    applications,
    repository,
    catalog: await catalog,
    seal: () => Promise.reject(new Error('Nothing is sealed here')),
    now,
  })
  const health = createHealth(repository)
  const metrics = createMetrics({
    applications: () => applications.list().map((one) => one.application.name),
    repository,
    revisions: () => [],
    runners: () => [],
    triggers: () => [],
    engines: () => [],
    now,
  })
  const engines = openEngines({
    folder: options.engines ?? join(stateFolder, 'engines'),
    ownEntry: join(checkout, 'apps/runner/src/connected/main.ts'),
    log,
  })
  const auth = createAuth({ repository, tokens: options.tokens ?? 'required', now })
  const { http } = platformSchema.parse({
    apiVersion: 'bulkhead.dev/v1beta1',
    kind: 'Platform',
    spec: { http: { port: 0, requestsPerSecond: 10_000, ...options.http } },
  }).spec
  const api = createApi({
    repository,
    applications,
    health,
    metrics,
    auth,
    log,
    http,
    now,
    intake: options.intake?.(intake) ?? intake,
    prepare: (arrival) => intake.prepare(arrival),
    runners: { ...signingRunners, ...options.runners },
    rollouts: createRollouts({ engines, applications, repository: repositoryOfFile }),
    tracing: options.tracing ?? noTracing,
    keys: () => Promise.resolve({ keys: [{ kty: 'EC', crv: 'P-256', kid: 'k1', x: 'AA', y: 'AA' }] }),
    version: '1.0.0',
    timeouts: options.timeouts,
    tls: options.tls,
  })
  const url = await api.listen()
  t.after(async () => {
    await api.close(0)
    metrics.close()
    await engines[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
    await rm(stateFolder, { recursive: true, force: true })
  })

  const served: ServedApi = {
    url,
    repository,
    applications,
    health,
    logLines,
    close: () => api.close(),
    pass: (ms) => void (ahead += ms),
    async token(...scopes) {
      const { id, token, sha256 } = newToken()
      const record = { id, name: 'tester', sha256, scopes, createdAtMs: now(), expiresAtMs: undefined }
      await repository.addToken({ ...record, revokedAtMs: undefined }, 'test')
      return { Authorization: `Bearer ${token}` }
    },
    async call(method, path, { headers = {}, body } = {}) {
      const isText = typeof body === 'string' || body instanceof Uint8Array
      const response = await fetch(`${url}${path}`, {
        method,
        redirect: 'manual',
        headers: withType(headers, body),
        ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      const called: Called = {
        status: response.status,
        headers: response.headers,
        text,
        json:
          text !== '' && /json/.test(response.headers.get('content-type') ?? '')
            ? (JSON.parse(text) as Record<string, unknown>)
            : {},
      }
      if (method !== 'HEAD') fitsDocument(method, path, called)
      return called
    },
    raw: (text, waitMs = 1_000) => rawCall(Number(new URL(url).port), text, waitMs),
    async finishedRun(status, requestId = `run-${Math.random()}`) {
      const taken = await intake.take({
        application,
        input: { requestId, job, parameters: { airport: 'SEA' } },
        actor: 'test',
      })
      assert.equal(taken.is, 'new')
      const most = [{ application, runs: 100 }]
      const { runs: claimed } = await repository.claim({ server: 'test', leaseMs: 60_000, most })
      const mine = claimed.find(({ run }) => run.requestId === requestId)
      assert.ok(mine)
      await repository.finish({
        runId: mine.run.runId,
        epoch: mine.run.epoch,
        outcome: {
          reply: replyOf(mine.run, status),
          ...(status === 'completed' && { delivery: delivery(mine.run.runId) }),
        },
      })
      const finished = await repository.run(mine.run.runId)
      assert.ok(finished)
      return finished
    },
  }
  return served
}

async function openExamples(): Promise<{
  readonly applications: Applications
  readonly repository: Repository
}> {
  const stateFolder = await mkdtemp(join(tmpdir(), 'bulkhead-api-applications-'))
  const repository = await openRepository(
    { sqlite: {} },
    { stateFolder, memoryMs: 86_400_000, log: () => undefined },
  )
  const applications = await openApplications({
    folder: join(checkout, 'examples'),
    environment: undefined,
    variables: {},
    stateFolder,
    catalog: await readCatalog([join(checkout, 'connectors')]),
    repository,
    log: createServerLog({ level: 'error', write: () => undefined, now: Date.now }),
  })
  after(async () => {
    await applications[Symbol.asyncDispose]()
    await repository[Symbol.asyncDispose]()
    await rm(stateFolder, { recursive: true, force: true })
  })
  return { applications, repository }
}

export const fileName = 'departures-SEA.csv.gz'

function delivery(runId: string) {
  const location = `file:///results/${runId}/${fileName}`
  return {
    store: 'results',
    urlExpiresInSeconds: 3600,
    files: [
      {
        name: fileName,
        objectContentType: 'application/gzip',
        stored: { key: `${runId}/${fileName}`, location, bytes: 10 },
      },
    ],
  }
}

function replyOf(run: RunRecord, status: 'completed' | 'failed'): StoredReply {
  const at = new Date().toISOString()
  const file = {
    name: fileName,
    contentType: 'text/csv',
    format: 'csv',
    compression: 'gzip',
    rows: 3,
    bytes: 10,
    checksum: { algorithm: 'sha256' as const, scope: 'object' as const, value: 'ab' },
  }
  return {
    requestId: run.requestId,
    runId: run.runId,
    application: run.application,
    job,
    attempt: run.attempt,
    sequence: 1,
    status,
    warnings: [],
    acceptedAt: at,
    startedAt: at,
    finishedAt: at,
    ...(status === 'completed'
      ? { result: { rows: 3, bytes: 10, files: [file] } }
      : {
          error: {
            code: 'run-too-long',
            kind: 'transient' as const,
            message: 'It took too long',
            retryable: true,
            documentation: 'docs/reference/errors.md#run-too-long',
          },
        }),
  }
}

/** A double: signs as runners do, and starts no process. */
const signingRunners: Pick<Runners, 'sign' | 'check' | 'preview' | 'waitsFor'> = {
  waitsFor: () => ({ for: 'runners' }),
  sign: (_application, _revision, { files }) =>
    Promise.resolve(
      files.map(({ stored }) => ({
        url: `https://store.example/${stored.key}?signature=${Math.random()}`,
        expiresAtMs: Date.now() + 3_600_000,
      })),
    ),
  check: () => Promise.resolve([{ role: 'store', name: 'results', connector: 'any', message: 'writable' }]),
  preview: (_application, request, rows) =>
    Promise.resolve({
      columns: [{ name: 'request', type: 'text' }],
      rows: [[request, String(rows)]],
      warnings: [],
    }),
}

async function rawCall(port: number, text: string | readonly string[], waitMs: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', (part: string) => void (answer += part))
  const closed = new Promise<void>((end) => {
    socket.once('close', () => end())
    socket.once('error', () => end())
    setTimeout(end, waitMs).unref()
  })
  for (const part of typeof text === 'string' ? [text] : text) socket.write(part, 'latin1')
  await closed
  socket.destroy()
  return answer
}

const document = JSON.parse(
  // answers are open for what comes later; here nothing may be in them that is not described
  JSON.stringify(openApiDocument('1.0.0'), (_, value: unknown) =>
    isRecord(value) && isRecord(value['properties']) && value['additionalProperties'] === undefined
      ? { ...value, additionalProperties: false }
      : value,
  ),
) as {
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, Response> }>>
  readonly components: unknown
}
interface Response {
  readonly content?: Record<string, { readonly schema: object }>
}
const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema({ $id: 'document', ...(document as object) })

/** Every answer of every test is held against what the document says of it. */
function fitsDocument(method: string, path: string, { status, headers, json, text }: Called): void {
  const type = headers.get('content-type')?.split(';')[0] ?? ''
  const endpoint = endpointAt(method, path)
  const operation = endpoint && document.paths[endpoint.path]?.[endpoint.method.toLowerCase()]
  const own = operation?.responses[status]
  if (own === undefined || type === 'application/problem+json') {
    assert.equal(type, 'application/problem+json', `${method} ${path} answers ${status} as ${type}: ${text}`)
    assert.equal(json['status'], status)
    fits({ $ref: '#/components/schemas/Problem' }, json, `${method} ${path} ${status}`)
    return
  }
  const content = own.content?.[type]
  if (own.content === undefined) assert.equal(text, '')
  else assert.ok(content, `${method} ${path} answers ${status} as ${type}`)
  if (content !== undefined && type.endsWith('json'))
    fits(content.schema, json, `${method} ${path} ${status}`)
}

function fits(schema: object, value: unknown, what: string): void {
  const text = JSON.stringify(schema).replaceAll('"#/', '"document#/')
  const validate = ajv.compile(JSON.parse(text) as object)
  assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`)
}

function withType(headers: Readonly<Record<string, string>>, body: unknown): Record<string, string> {
  const isThere = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')
  return { ...headers, ...(body !== undefined && !isThere && { 'Content-Type': 'application/json' }) }
}

function endpointAt(method: string, path: string): Endpoint | undefined {
  const parts = path.split('?')[0]?.split('/') ?? []
  return Object.values(endpoints)
    .filter((endpoint) => endpoint.method === method)
    .find(({ path: pattern }) => {
      const own = pattern.split('/')
      return (
        own.length === parts.length && own.every((part, at) => part.startsWith('{') || part === parts[at])
      )
    })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
