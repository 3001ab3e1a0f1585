import type { Server as SecureServer } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { type Endpoint, type EndpointName, endpoints, fault, type PlatformSpec } from '@bulkhead/contract'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Applications } from '../applications/applications.ts'
import { type Auth, refuseTokensOff } from '../auth/authenticate.ts'
import type { Runners } from '../dispatch/runners.ts'
import type { Rollouts } from '../engines/roll-out.ts'
import type { Intake, Preparing } from '../intake/intake.ts'
import type { Health } from '../observe/health.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { ServerLog } from '../observe/server-log.ts'
import type { Tracing } from '../observe/tracing.ts'
import type { Repository } from '../repository/repository.ts'
import { acceptHandlers } from './accept-run.ts'
import { changeHandlers } from './changes.ts'
import { applicationHandlers, type PublicKeys } from './applications.ts'
import type { Handlers } from './call.ts'
import { engineHandlers } from './engines.ts'
import { createGate, type Gate } from './gate.ts'
import type { HttpTls } from './http-tls.ts'
import { createHttpServer, type HttpServerOptions, safeHeaders, sendProblem } from './http-server.ts'
import { operationHandlers } from './operations.ts'
import { problemOf } from './problem.ts'
import { replyHandlers } from './replies.ts'
import { resultHandlers } from './results.ts'
import {
  addRoute,
  callerOf,
  endpointOf,
  letIn,
  pathOf,
  refuseBody,
  routeOf,
  traceparentOf,
} from './routes.ts'
import { runHandlers } from './runs.ts'
import { eventHandlers } from './take-events.ts'
import { tokenHandlers } from './tokens.ts'
import { createWatching } from './watch.ts'

export interface ApiOptions {
  readonly repository: Repository
  readonly intake: Intake
  readonly prepare: Preparing['prepare']
  readonly applications: Pick<
    Applications,
    'get' | 'list' | 'working' | 'head' | 'setAside' | 'plan' | 'change' | 'makeCurrent'
  >
  readonly rollouts: Rollouts
  readonly runners: Pick<Runners, 'sign' | 'check' | 'preview' | 'waitsFor'>
  readonly auth: Auth
  readonly health: Health
  readonly metrics: Pick<Metrics, 'expose' | 'httpAnswered'>
  readonly tracing: Tracing
  readonly keys: PublicKeys
  readonly http: PlatformSpec['http']
  /** Undefined: in clear. */
  readonly tls?: HttpTls | undefined
  readonly log: ServerLog
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Of the server, for the OpenAPI document. */
  readonly version: string
  /** Of every answer, besides its own. */
  readonly headers?: Readonly<Record<string, string>>
  readonly timeouts?: HttpServerOptions['timeouts']
}

export interface Api {
  /** @returns the base of its addresses, without a slash at its end. @throws BulkheadError `address-unusable` */
  listen(): Promise<string>
  /** Takes no new calls, lets those under way end for so long (default 5 s), ends live views at once. */
  close(graceMs?: number): Promise<void>
}

/**
 * The HTTP API: its routes are the table of endpoints, and nothing else.
 * @throws BulkheadError `tokens-off-refused`
 */
export function createApi(options: ApiOptions): Api {
  const { repository, log, http, auth, now } = options
  refuseTokensOff(auth.tokens, http.host)
  const gate = createGate({ auth, now, requestsPerSecond: http.requestsPerSecond, publicUrl: http.publicUrl })
  const watching = createWatching({ repository, now })
  const handlers: Handlers = {
    ...acceptHandlers(options.intake),
    ...eventHandlers(options.intake),
    ...runHandlers(repository, options.runners, now),
    ...resultHandlers(options.runners, now),
    ...applicationHandlers(options),
    ...changeHandlers(options.applications, gate),
    ...engineHandlers(options.rollouts, options.applications),
    ...replyHandlers(repository, options.applications),
    ...tokenHandlers(repository, auth, now),
    ...operationHandlers(options.health, options.metrics, options.version),
    ...watching.handlers,
  }
  const server = createHttpServer(options, (error, request) => logFault(error, request, log))
  addHooks(server, gate, options)
  for (const name of Object.keys(endpoints) as EndpointName[]) addRoute(server, name, handlers, gate, options)
  refuseOtherMethods(server)
  const endFollowing = options.tls?.follow(server.server as unknown as SecureServer)

  return {
    async listen() {
      const { host, port } = http
      try {
        await server.listen({ host, port })
      } catch (cause) {
        const { code = 'unknown' } = cause as NodeJS.ErrnoException
        throw fault('address-unusable', `The server cannot listen on ${host}:${port} (${code})`, {
          path: 'spec.http.port',
          fix: 'Choose another address or port in platform.yaml',
          cause,
        })
      }
      const address = server.server.address()
      const ownPort = typeof address === 'object' && address !== null ? address.port : port
      const scheme = options.tls === undefined ? 'http' : 'https'
      return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${ownPort}`
    },
    async close(graceMs = 5_000) {
      endFollowing?.()
      watching.close()
      const end = setTimeout(() => server.server.closeAllConnections(), graceMs)
      // a connection whose call ends now would be kept for another one
      const idle = setInterval(() => server.server.closeIdleConnections(), 50)
      try {
        await server.close()
      } finally {
        clearTimeout(end)
        clearInterval(idle)
      }
    },
  }
}

function addHooks(
  server: FastifyInstance,
  gate: Gate,
  { metrics, log, tls, headers = {} }: ApiOptions,
): void {
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...headers, ...safeHeaders })
    const endpoint = endpointOf(request)
    if (tls?.demandsClient === true) demandCertificate(request, endpoint)
    const caller = await gate.enter({
      endpoint,
      headers: request.headers,
      rawHeaders: request.raw.rawHeaders,
      address: request.ip,
      socketAddress: request.socket.remoteAddress ?? '',
    })
    if (endpoint === undefined) return
    const { application } = request.params as { readonly application?: string }
    // a path without application or run is about all of them; of a run it is known when it was read
    const isOfRun = 'runId' in endpoint.params.shape
    if (endpoint.scope === 'admin' || endpoint.scope === 'metrics')
      gate.require(caller, { right: endpoint.scope })
    if (!isOfRun && (endpoint.scope === 'read' || endpoint.scope === 'run' || endpoint.scope === 'apply'))
      gate.require(caller, { right: endpoint.scope, application })
    refuseBody(request, endpoint)
    letIn(request, caller)
  })
  server.addHook('onResponse', async (request, reply) => {
    const call = {
      method: request.method,
      route: routeOf(request),
      status: reply.statusCode,
      ms: reply.elapsedTime,
    }
    metrics.httpAnswered(call)
    log.debug('A call was answered', { ...call, ...aboutOf(request) })
  })
}

/** Probes of the machine that runs the server have none. */
function demandCertificate({ socket }: FastifyRequest, endpoint: Endpoint | undefined): void {
  if (endpoint?.path.startsWith('/health/') === true || (socket as TLSSocket).authorized) return
  throw fault('client-certificate-missing', 'The call comes without a certificate that is known here')
}

/** By what a line of the log is found. */
function aboutOf(request: FastifyRequest): Readonly<Record<string, unknown>> {
  const caller = callerOf(request)
  if (caller === undefined) return {}
  const { application, runId } = request.params as Readonly<Record<string, string>>
  return { actor: caller.actor, application, runId, traceId: traceparentOf(request)?.split('-')[1] }
}

/** Every address of the API answers every method, if only by saying which ones it has. */
function refuseOtherMethods(server: FastifyInstance): void {
  const paths = Map.groupBy(Object.values(endpoints) as readonly Endpoint[], ({ path }) => path)
  for (const [path, own] of paths) {
    const url = pathOf(path)
    const all = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
    const allowed = all.filter((method) => server.hasRoute({ method, url }))
    server.route({
      method: all.filter((method) => !allowed.includes(method)),
      url,
      handler: (_request, reply) =>
        sendProblem(
          reply.header('Allow', allowed.join(', ')),
          problemOf(
            fault(
              'endpoint-unknown',
              `This address takes ${own.map(({ method }) => method).join(' and ')} only`,
            ),
            { status: 405 },
          ),
        ),
    })
  }
}

function logFault(error: unknown, request: FastifyRequest, log: ServerLog): void {
  const reason = error instanceof Error ? error : new Error(String(error))
  log.error('A call failed', { route: routeOf(request), reason: reason.message, stack: reason.stack })
}
