import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkedBy, type Endpoint, type EndpointName, endpoints, fault, jsonType } from '@bulkhead/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../auth/scopes.ts'
import type { Tracing } from '../observe/tracing.ts'
import type { Repository, RunRecord } from '../repository/repository.ts'
import type { Answer, Call, Handlers } from './call.ts'
import { essenceOf } from './cloud-event.ts'
import type { Gate } from './gate.ts'

export interface RouteOptions {
  readonly repository: Pick<Repository, 'run'>
  readonly tracing: Tracing
}

/** Who calls, from the gate to the handler. */
const callers = new WeakMap<IncomingMessage, Caller>()

export function letIn(request: FastifyRequest, caller: Caller): void {
  callers.set(request.raw, caller)
}

export function callerOf(request: FastifyRequest): Caller | undefined {
  return callers.get(request.raw)
}

/** The path of an endpoint as the router has it. */
export function pathOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}

/** An endpoint of the table, with what happens there. */
export function addRoute(
  server: FastifyInstance,
  name: EndpointName,
  handlers: Handlers,
  gate: Gate,
  options: RouteOptions,
): void {
  const endpoint: Endpoint = endpoints[name]
  const handle = handlers[name] as unknown as (call: Call) => Promise<Answer | 'streamed'>
  server.route({
    method: endpoint.method === 'GET' && name !== 'watchRun' ? ['GET', 'HEAD'] : endpoint.method,
    url: pathOf(endpoint.path),
    config: { endpoint: name },
    ...(endpoint.body?.mostBytes !== undefined && { bodyLimit: endpoint.body.mostBytes }),
    handler: async (request, reply) => {
      const answer = await options.tracing.span(
        {
          name: `${endpoint.method} ${endpoint.path}`,
          kind: 'server',
          parent: traceparentOf(request),
          attributes: { 'http.request.method': request.method, 'http.route': endpoint.path },
          // probes and scrapers would be most of all traces
          isTraced: endpoint.scope !== 'none' && endpoint.scope !== 'metrics',
        },
        async (traceparent) => handle(await callOf(request, reply, endpoint, gate, options, traceparent)),
      )
      if (answer === 'streamed') return reply
      reply.code(answer.status).headers(answer.headers ?? {})
      if (answer.body === undefined) return reply.send()
      const isText = typeof answer.body === 'string'
      return reply
        .header('Content-Type', answer.type ?? jsonType)
        .send(Buffer.from(isText ? String(answer.body) : JSON.stringify(answer.body)))
    },
  })
}

async function callOf(
  request: FastifyRequest,
  reply: FastifyReply,
  endpoint: Endpoint,
  gate: Gate,
  { repository }: RouteOptions,
  traceparent: string | undefined,
): Promise<Call> {
  const caller = callerOf(request)
  if (caller === undefined) throw fault('internal', 'A call passed the gate by')
  const params = read(endpoint.params.strict(), request.params, 'path')
  const query = read(endpoint.query.strict(), request.query, 'query')
  const bytes = request.body === undefined || request.body === null ? undefined : (request.body as Buffer)
  const isEmpty = bytes === undefined || bytes.length === 0
  if (endpoint.body?.required === true && isEmpty)
    throw fault('call-invalid', 'The call has no body', { path: 'body' })
  const call: Omit<Call, 'run' | 'body'> = {
    params,
    query,
    headers: request.headers,
    bytes: isEmpty ? undefined : bytes,
    caller,
    traceparent,
    signal: closedSignal(reply.raw),
    stream: () => {
      reply.hijack()
      for (const [header, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) reply.raw.setHeader(header, value)
      return reply.raw
    },
  }
  const { runId } = params as { readonly runId?: string }
  const run = runId === undefined ? undefined : await visibleRun(repository, gate, caller, endpoint, runId)
  return {
    ...call,
    run: run as never,
    body: () => readBody(endpoint, bytes) as never,
  }
}

/** Who may not see a run is told the same as for one that is not there. */
async function visibleRun(
  repository: Pick<Repository, 'run'>,
  gate: Gate,
  caller: Caller,
  { scope }: Endpoint,
  runId: string,
): Promise<RunRecord> {
  const unknown = fault('run-unknown', `There is no run ${runId}`)
  const run = await repository.run(runId.toLowerCase())
  if (run === undefined) throw unknown
  const { application } = run
  try {
    gate.require(caller, { right: 'read', application })
  } catch {
    throw unknown
  }
  if (scope === 'run') gate.require(caller, { right: 'run', application })
  return run
}

function read(schema: Endpoint['params'], value: unknown, place: 'path' | 'query'): Record<string, unknown> {
  return checkedBy(schema, value, { code: 'call-invalid', base: place })
}

function readBody({ body }: Endpoint, bytes: Buffer | undefined): unknown {
  if (body === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(bytes === undefined || bytes.length === 0 ? '{}' : bytes.toString('utf8'))
  } catch {
    throw fault('call-invalid', 'The body is not JSON', { path: 'body' })
  }
  return checkedBy(body.schema, value, { code: 'call-invalid', base: 'body' })
}

/** @throws BulkheadError `media-type-unsupported` for a body that the endpoint does not take */
export function refuseBody({ headers }: FastifyRequest, endpoint: Endpoint): void {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity')
    throw fault('media-type-unsupported', 'Compressed bodies are not taken', {
      path: 'Content-Encoding',
      fix: 'Send the body as it is',
    })
  const type = headers['content-type']
  if (type === undefined) return
  const taken = endpoint.body?.types ?? [jsonType]
  if (!taken.includes(essenceOf(type)))
    throw fault('media-type-unsupported', 'A body of this type is not taken here', {
      path: 'Content-Type',
      fix: `Send ${taken.join(' or ')}`,
    })
}

/** @see https://www.w3.org/TR/trace-context/#traceparent-header */
export function traceparentOf({ headers }: FastifyRequest): string | undefined {
  const { traceparent } = headers
  return typeof traceparent === 'string' &&
    /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent)
    ? traceparent
    : undefined
}

/** Made once: to make an error takes longer than many an answer. */
const callerGone = new DOMException('The caller is gone', 'AbortError')

function closedSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => gone.abort(callerGone))
  return gone.signal
}

export function endpointOf(request: FastifyRequest): Endpoint | undefined {
  const { endpoint } = request.routeOptions.config as { readonly endpoint?: EndpointName }
  return endpoint === undefined ? undefined : endpoints[endpoint]
}

/** For labels and logs: never the address itself, of which there are as many as callers like. */
export function routeOf(request: FastifyRequest): string {
  return endpointOf(request)?.path ?? 'other'
}
