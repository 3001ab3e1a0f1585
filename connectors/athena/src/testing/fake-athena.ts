/**
 * A made-up Athena, because no real one can be had here: its API in JSON 1.1 over HTTP, with the states, pages,
 * refusals and signatures that the stand-in of the tests lacks. It runs no SQL: a test says what a query answers.
 * Results lie in a real S3 server, to which it passes on every request that is not for Athena. Loopback only.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { s3Client, type TestBucket } from '../../../../test/support/s3.ts'
import { signatureV4 } from '../../../../test/support/signature-v4.ts'
import { type FakeQuery, putResult, putUnloaded, resultPage } from './fake-results.ts'

/** A refusal of one call. */
interface Refusal {
  readonly type: string
  readonly message: string
  readonly status?: number
}

interface Call {
  readonly action: string
  readonly input: Readonly<Record<string, unknown>>
}

interface Execution {
  readonly id: string
  readonly query: FakeQuery
  readonly sql: string
  polls: number
  state: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED'
}

export interface FakeAthena {
  readonly endpoint: string
  readonly calls: readonly Call[]
  /** What a query answers; undefined: Athena finds a fault in its syntax. */
  answer: (sql: string, parameters: readonly string[]) => FakeQuery | undefined
  /** Looks at each call first. */
  refuse: (call: Call) => Refusal | 'silence' | 'lose-answer' | undefined
  /** Queries that are queued or run. */
  readonly atWork: () => number
  /** Queries that were ever begun. */
  readonly begun: () => number
}

/** Starts it before a real S3 server, whose keys it shares. */
export async function startFakeAthena(
  scope: { after(action: () => void | Promise<void>): void },
  bucket: TestBucket,
): Promise<FakeAthena> {
  const calls: Call[] = []
  const executions = new Map<string, Execution>()
  const tokens = new Map<string, string>()
  const stored = new Map<FakeQuery, Promise<string>>()
  const s3 = s3Client(bucket)
  const fake: FakeAthena & { endpoint: string } = {
    endpoint: '',
    calls,
    answer: () => undefined,
    refuse: () => undefined,
    atWork: () => [...executions.values()].filter(isAtWork).length,
    begun: () => executions.size,
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const target = incoming.headers['x-amz-target']
    if (typeof target !== 'string') {
      passOn(incoming, outgoing, bucket.endpoint)
      return
    }
    const body = await buffer(incoming)
    const call = {
      action: target.replace('AmazonAthena.', ''),
      input: JSON.parse(body.toString()) as Record<string, unknown>,
    }
    calls.push(call)
    const refusal = signatureFault(incoming, body, bucket) ?? fake.refuse(call)
    if (refusal === 'silence') return
    const answer = refusal === undefined || refusal === 'lose-answer' ? await act(call) : refusal
    if (refusal === 'lose-answer') {
      outgoing.destroy()
      return
    }
    outgoing.setHeader('content-type', 'application/x-amz-json-1.1')
    outgoing.setHeader('x-amzn-requestid', randomUUID())
    if (isRefusal(answer)) {
      outgoing
        .writeHead(answer.status ?? 400)
        .end(JSON.stringify({ __type: answer.type, message: answer.message }))
    } else outgoing.end(JSON.stringify(answer))
  }

  async function act({ action, input }: Call): Promise<object> {
    if (action === 'GetWorkGroup') return workGroup(String(input['WorkGroup']))
    if (action === 'StartQueryExecution') return start(input)
    const execution = executions.get(String(input['QueryExecutionId']))
    if (execution === undefined)
      return invalid(`QueryExecution ${String(input['QueryExecutionId'])} was not found`)
    if (action === 'GetQueryExecution') return { QueryExecution: await described(execution) }
    if (action === 'GetQueryResults') return resultPage(execution.query, input)
    if (action === 'StopQueryExecution') {
      if (isAtWork(execution)) execution.state = 'CANCELLED'
      return {}
    }
    return { type: 'UnknownOperationException', message: action }
  }

  function start(input: Call['input']): object {
    if (input['WorkGroup'] !== 'primary') return workGroup(String(input['WorkGroup']))
    const token = String(input['ClientRequestToken'])
    const before = tokens.get(token)
    if (before !== undefined) return { QueryExecutionId: before }
    const sql = String(input['QueryString'])
    const query = fake.answer(sql, (input['ExecutionParameters'] ?? []) as string[])
    if (query === undefined) return invalid(`line 1:1: mismatched input '${sql.slice(0, 10)}'`)
    const id = randomUUID()
    tokens.set(token, id)
    executions.set(id, { id, query, sql, polls: 0, state: 'QUEUED' })
    return { QueryExecutionId: id }
  }

  async function described(execution: Execution): Promise<object> {
    const { id, query, sql } = execution
    if (isAtWork(execution)) {
      execution.polls++
      execution.state =
        execution.polls > (query.polls ?? 2) ? endOf(query) : execution.polls === 1 ? 'QUEUED' : 'RUNNING'
    }
    let location = query.location
    if (location === undefined && execution.state === 'SUCCEEDED' && query.statementType === undefined) {
      const putting = stored.get(query) ?? putResult(s3, bucket, id, query)
      stored.set(query, putting)
      location = await putting
    }
    const { fails } = query
    const manifest = execution.state === 'SUCCEEDED' ? await putUnloaded(s3, bucket, execution) : undefined
    return {
      ...(manifest === undefined ? {} : { Statistics: { DataManifestLocation: manifest } }),
      QueryExecutionId: id,
      Query: sql,
      StatementType: query.statementType ?? 'DML',
      ResultConfiguration:
        location === null ? {} : { OutputLocation: location ?? `s3://${bucket.bucket}/${id}.txt` },
      Status: {
        State: isAtWork(execution) ? (query.meanwhile ?? execution.state) : execution.state,
        ...(execution.state !== 'FAILED' || fails === undefined
          ? {}
          : {
              StateChangeReason: fails.reason,
              AthenaError: { ErrorCategory: fails.category ?? 2, Retryable: fails.retryable ?? false },
            }),
      },
    }
  }

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  fake.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  scope.after(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    s3.destroy()
  })
  return fake
}

/** Settings that reach it. */
export function settingsFor(
  { endpoint }: Pick<FakeAthena, 'endpoint'>,
  { region, accessKeyId, secretAccessKey }: TestBucket,
): Readonly<Record<string, unknown>> {
  return { region, accessKeyId, secretAccessKey, endpoint, s3Endpoint: endpoint }
}

function isAtWork({ state }: Execution): boolean {
  return state === 'QUEUED' || state === 'RUNNING'
}

function endOf({ fails, cancelled }: FakeQuery): Execution['state'] {
  return fails !== undefined ? 'FAILED' : cancelled === true ? 'CANCELLED' : 'SUCCEEDED'
}

function workGroup(name: string): object {
  if (name !== 'primary') return invalid(`WorkGroup ${name} is not found.`)
  const EngineVersion = { EffectiveEngineVersion: 'Athena engine version 3' }
  return { WorkGroup: { Name: name, State: 'ENABLED', Configuration: { EngineVersion } } }
}

function invalid(message: string): Refusal {
  return { type: 'InvalidRequestException', message }
}

function isRefusal(answer: object): answer is Refusal {
  return 'type' in answer
}

/** Undefined when the request is signed with the keys of the bucket, for Athena in its region. */
function signatureFault(
  { headers, method = '' }: IncomingMessage,
  body: Buffer,
  keys: TestBucket,
): Refusal | undefined {
  const [, id, scopeRegion, names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/athena\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
      headers.authorization ?? '',
    ) ?? []
  if (id !== keys.accessKeyId || scopeRegion !== keys.region)
    return {
      type: 'UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
    }
  const expected = signatureV4(
    {
      method,
      path: '/',
      query: [],
      headers: Object.fromEntries(names.split(';').map((name) => [name, String(headers[name])])),
      payload: body,
      date: String(headers['x-amz-date']),
      region: scopeRegion,
      service: 'athena',
    },
    keys.secretAccessKey,
  )
  return signature === expected
    ? undefined
    : { type: 'InvalidSignatureException', message: 'The request signature we calculated does not match' }
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse, endpoint: string): void {
  const { hostname: host, port } = new URL(endpoint)
  const { method = 'GET', url: path = '/', headers } = incoming
  const forward = request({ host, port, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
    answer.on('error', () => outgoing.destroy()).pipe(outgoing)
    outgoing.on('close', () => answer.destroy())
  })
  forward.on('error', () => outgoing.destroy())
  incoming.pipe(forward)
}
