import type { Server } from 'node:https'
import type { Socket } from 'node:net'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { eventBatchType, eventType, fault, jsonType, parseSize, type PlatformSpec } from '@bulkhead/contract'
import fastify, {
  type FastifyHttpsOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import type { HttpTls } from './http-tls.ts'
import { type ProblemAnswer, problemOf } from './problem.ts'

export interface HttpServerOptions {
  readonly http: Pick<PlatformSpec['http'], 'requestBytes' | 'trustProxy'>
  readonly tls?: HttpTls | undefined
  /** Other than those of a server, in tests. */
  readonly timeouts?:
    | {
        readonly headersMs: number
        readonly requestMs: number
        /** After so long without a byte a connection is closed; 0: never, where calls are held. */
        readonly idleMs?: number
      }
    | undefined
}

/** Bounds of what a caller can make the server hold (I8). */
const MOST_CONNECTIONS = 2_048
const LONGEST_HEADERS = 16 * 1024
const LONGEST_PARAMETER = 300
const IDLE_MS = 120_000
const timeoutsOfServer: NonNullable<HttpServerOptions['timeouts']> = { headersMs: 10_000, requestMs: 30_000 }

export const safeHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}

/**
 * A server with bounds and our own words for everything that it refuses by itself, and no route yet.
 * @param onFault  told what is wrong on this side
 */
export function createHttpServer(
  { timeouts = timeoutsOfServer, http, tls }: HttpServerOptions,
  onFault: (error: unknown, request: FastifyRequest) => void,
): FastifyInstance {
  const bounds = {
    maxHeaderSize: LONGEST_HEADERS,
    headersTimeout: timeouts.headersMs,
    connectionsCheckingInterval: Math.min(1_000, timeouts.headersMs / 2),
  }
  const options = {
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: 10_000,
    connectionTimeout: timeouts.idleMs ?? IDLE_MS,
    bodyLimit: parseSize(http.requestBytes),
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    trustProxy: http.trustProxy,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, problemOf(fromFramework(error))),
    clientErrorHandler: answerBrokenCall,
  } satisfies FastifyServerOptions
  const server = tls === undefined ? fastify({ ...options, http: bounds }) : encrypted(options, bounds, tls)
  server.server.maxConnections = MOST_CONNECTIONS
  // bodies stay bytes: numbers in requests lose digits when something else parses them first
  server.removeAllContentTypeParsers()
  server.addContentTypeParser(
    [jsonType, eventType, eventBatchType],
    { parseAs: 'buffer' },
    (_request, bytes, done) => done(null, bytes),
  )
  server.setErrorHandler((error, request, reply) => {
    const { problem, headers } = problemOf(fromFramework(error))
    if (problem.status >= 500 && problem.kind === 'bug') onFault(error, request)
    return sendProblem(reply, { problem, headers })
  })
  server.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, problemOf(fault('endpoint-unknown', 'There is nothing at this address'))),
  )
  return server
}

/** A caller without a certificate is let in by TLS, so that probes are answered; the hook of the API refuses all else. */
function encrypted(
  options: FastifyServerOptions,
  bounds: Readonly<Record<string, number>>,
  { certificates, demandsClient }: HttpTls,
): FastifyInstance {
  const https = { ...bounds, ...certificates, requestCert: demandsClient, rejectUnauthorized: false }
  // to whoever adds routes the two servers are one
  return fastify({
    ...options,
    https,
  } as unknown as FastifyHttpsOptions<Server>) as unknown as FastifyInstance
}

export function sendProblem(reply: FastifyReply, { problem, headers }: ProblemAnswer): FastifyReply {
  return reply
    .code(problem.status)
    .headers({ ...safeHeaders, ...headers })
    .header('Content-Type', 'application/problem+json')
    .send(Buffer.from(JSON.stringify(problem)))
}

/** What Fastify refuses by itself, in our words. */
function fromFramework(error: unknown): unknown {
  if (isBulkheadError(error)) return error
  const { code, statusCode } = (error ?? {}) as { readonly code?: string; readonly statusCode?: number }
  if (statusCode === 413) return fault('call-too-large', 'The body is larger than the server takes')
  if (statusCode === 415)
    return fault('media-type-unsupported', 'A body of this type is not taken here', { path: 'Content-Type' })
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH')
    return fault('call-invalid', 'The body is not as long as Content-Length says', { path: 'Content-Length' })
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return fault('call-invalid', 'The call cannot be understood')
  return error
}

/** What is no HTTP that anybody could route: answered where there is still somebody, and closed. */
function answerBrokenCall(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, reason] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout']
        : [400, 'Bad Request']
  const { problem } = problemOf(fault('call-invalid', `The call cannot be understood: ${reason}`), { status })
  const body = JSON.stringify(problem)
  socket.end(
    [
      `HTTP/1.1 ${status} ${reason}`,
      'Connection: close',
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}
