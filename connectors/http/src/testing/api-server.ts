import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Scope } from '../../../../test/support/cleanup.ts'

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string
  /** Path as it was sent, percent signs included. */
  readonly path: string
  readonly parameters: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly response: ServerResponse
}

export type Handler = (request: SeenRequest) => void | Promise<void>

/** A real HTTP server of a test, on loopback. */
export interface ApiServer {
  readonly url: string
  readonly port: number
  /** All requests so far. */
  readonly seen: readonly SeenRequest[]
}

/** Starts a server, which ends when the scope is over. @param tls  makes it one of https */
export async function startApi(scope: Scope, handler: Handler, tls?: ServerOptions): Promise<ApiServer> {
  const seen: SeenRequest[] = []
  const listener = (message: IncomingMessage, response: ServerResponse): void => {
    response.on('error', () => undefined)
    void receive(message, response).then(
      async (request) => {
        seen.push(request)
        await handler(request)
      },
      () => undefined,
    )
  }
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener)
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.after(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return { url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, port, seen }
}

async function receive(message: IncomingMessage, response: ServerResponse): Promise<SeenRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk)
  const url = message.url ?? ''
  const [path = '', search = ''] = url.split(/\?(.*)/s)
  const parameters = new URLSearchParams(search)
  return {
    method: message.method ?? '',
    path,
    parameters,
    headers: message.headers,
    body: Buffer.concat(chunks).toString('utf8'),
    response,
  }
}

/** Answers with JSON: text as it is, all else as `JSON.stringify` writes it. */
export function json(
  { response }: SeenRequest,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
