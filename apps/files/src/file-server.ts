import type { IncomingMessage, Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import { finished } from 'node:stream'
import type { Log } from '@bulkhead/connector-sdk'
import { fault, isLoopback } from '@bulkhead/contract'
import { deriveLinkKey, keyName } from '@bulkhead/engine/links/link-key'
import { openMasterKey } from '@bulkhead/engine/links/master-key'
import type { FileServerHealth } from '@bulkhead/engine/links/probe'
import { findServedFolder } from '@bulkhead/engine/links/served-folder'
import { LONGEST_LINK } from '@bulkhead/engine/links/sign'
import { verifyLinkPath } from '@bulkhead/engine/links/verify'
import fastify, { type FastifyHttpOptions, type FastifyInstance, type FastifyReply } from 'fastify'
import { openBelow } from './open-file.ts'
import { problemBody, type ProblemCode, problems } from './problem.ts'
import { answerWithFile } from './send-file.ts'

export interface FileServerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** With the master key and the folders that may be served. */
  readonly stateFolder: string
  /** Lets others than this machine reach the server. Links travel in clear then, so put TLS before it. */
  readonly allowRemote?: boolean
  /** Links are served over TLS; absent: in clear. */
  readonly tls?: FileServerTls
  /** Of every answer, besides its own. */
  readonly headers?: Readonly<Record<string, string>>
  /** Epoch milliseconds. */
  readonly now?: () => number
  readonly log: Log
}

/** The certificate that is shown. */
export interface FileServerTls {
  readonly certificates: { readonly cert: Buffer; readonly key: Buffer }
  /** Shows another one when there is a new one. @returns what ends it */
  follow(server: Pick<SecureServer, 'setSecureContext'>): () => void
}

export interface FileServer {
  /** Without a slash at its end. */
  readonly url: string
  /** Takes no new requests, lets downloads go on for so long (default 5 s), then ends them. */
  close(graceMs?: number): Promise<void>
}

/** Bounds of what a client can make the server hold (I8). */
const MOST_CONNECTIONS = 1024
const LONGEST_HEADERS = 16 * 1024
const REQUEST_MS = 10_000
/** A download whose receiver takes nothing for so long is over. */
const IDLE_MS = 120_000

/**
 * Starts the server of signed links: GET and HEAD of exactly the files that were signed, with ranges,
 * and `/healthz`.
 *
 * @throws BulkheadError `state-folder-unusable`; `usage` for an address that is not of this machine, or taken
 */
export async function startFileServer(options: FileServerOptions): Promise<FileServer> {
  if (options.allowRemote !== true && !isLoopback(options.host)) {
    throw fault('usage', `The address ${options.host} can be reached from other machines`, {
      path: 'host',
      fix: 'Listen on 127.0.0.1 behind a proxy with TLS, or allow remote access explicitly',
    })
  }
  const master = await openMasterKey(options.stateFolder)
  const { tls } = options
  const bounds = { maxHeaderSize: LONGEST_HEADERS, headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS }
  const server = fastify({
    ...(tls === undefined ? { http: bounds } : { https: { ...bounds, ...certificateOf(tls) } }),
    keepAliveTimeout: 5_000,
    connectionTimeout: IDLE_MS,
    bodyLimit: 1024,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    // the address is verified as it came, not as a router reads it
    routerOptions: { maxParamLength: LONGEST_LINK },
    frameworkErrors: (_error, _request, reply) => void problem(reply, 'link-refused'),
    clientErrorHandler: (error, socket) => {
      if (error.code === 'HPE_HEADER_OVERFLOW' && socket.writable) socket.end(tooLong)
      else socket.destroy()
    },
    // the types of fastify hold a server with TLS for another one; what is used of it here is the same
  } as FastifyHttpOptions<Server>) as unknown as FastifyInstance
  server.server.maxConnections = MOST_CONNECTIONS
  server.addHook('onRequest', async (_request, reply) => {
    reply.headers({
      ...options.headers,
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'Referrer-Policy': 'no-referrer',
    })
  })
  const health: FileServerHealth = { service: 'bulkhead-files', key: keyName(master) }
  server.get('/healthz', () => health)
  server.route({
    method: ['GET', 'HEAD'],
    url: '/files/*',
    handler: (request, reply) => serveLink(request.raw, reply),
  })
  server.setNotFoundHandler((request, reply) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead) reply.header('Allow', 'GET, HEAD')
    return problem(reply, isRead ? 'not-found' : 'method-not-allowed')
  })
  server.setErrorHandler((error, _request, reply) => {
    options.log.warn('A file could not be served', { reason: reasonOf(error) })
    return problem(reply, 'server-fault')
  })

  async function serveLink(request: IncomingMessage, reply: FastifyReply): Promise<unknown> {
    const target = request.url ?? ''
    if (target.length > LONGEST_LINK) return problem(reply, 'link-too-long')
    const nowMs = (options.now ?? Date.now)()
    const link = verifyLinkPath(target, (application) => deriveLinkKey(master, application), nowMs)
    if (link.state === 'refused') return problem(reply, 'link-refused')
    if (link.state === 'expired') return problem(reply, 'link-expired')
    const { application, folderId, path } = link.claims
    const served = await findServedFolder(options.stateFolder, application, folderId)
    const file = served === undefined ? undefined : await openBelow(served.folder, path)
    // the path is the application's own, and the signature is not logged
    options.log.debug('A link was used', { application, path, found: file !== undefined })
    if (file === undefined) return problem(reply, 'file-gone')
    const answer = await answerWithFile(request, file, link.claims)
    if (answer.problem !== undefined) {
      await file.close()
      return problem(reply.headers(answer.headers), answer.problem)
    }
    reply.code(answer.status).headers(answer.headers)
    if (request.method === 'HEAD' || answer.status === 304) {
      answer.body.destroy()
      await file.close()
      return reply.send()
    }
    finished(answer.body, () => void file.close())
    return reply.send(answer.body)
  }

  await listen(server, options)
  const unfollow = tls?.follow(server.server as unknown as SecureServer)
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${addressOf(server, options.host)}`,
    async close(graceMs = 5_000) {
      unfollow?.()
      await close(server, graceMs)
    },
  }
}

/** Without the authorities of callers: whoever has a link may download. */
function certificateOf({ certificates: { cert, key } }: FileServerTls): FileServerTls['certificates'] {
  return { cert, key }
}

function problem(reply: FastifyReply, code: ProblemCode): FastifyReply {
  return reply
    .code(problems[code].status)
    .header('Cache-Control', 'no-store')
    .header('Content-Type', 'application/problem+json')
    .send(Buffer.from(problemBody(code))) // to a text it would add a charset, which the type has not
}

const tooLong = [
  'HTTP/1.1 431 Request Header Fields Too Large',
  'Connection: close',
  'Content-Length: 0',
  '\r\n',
].join('\r\n')

async function listen(server: FastifyInstance, { host, port }: FileServerOptions): Promise<void> {
  try {
    await server.listen({ host, port })
  } catch (error) {
    await server.close()
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL' && code !== 'ENOTFOUND')
      throw error
    throw fault('address-unusable', `The file server cannot listen on ${host}:${port} (${code})`, {
      path: 'port',
      cause: error,
    })
  }
}

async function close(server: FastifyInstance, graceMs: number): Promise<void> {
  const end = setTimeout(() => server.server.closeAllConnections(), graceMs)
  try {
    await server.close()
  } finally {
    clearTimeout(end)
  }
}

function addressOf(server: FastifyInstance, host: string): string {
  const address = server.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** @see RFC 1122, 3.2.1.3 (g); RFC 4291, 2.5.3 */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
