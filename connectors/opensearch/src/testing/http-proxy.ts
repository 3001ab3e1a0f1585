import { once } from 'node:events'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Scope } from '../../../../test/support/cleanup.ts'

/**
 * A proxy of HTTP before a real server, for what the server of the tests does not do on demand: it has no
 * security plugin, is never busy, and loses no shards. What is not answered or changed here is its own answer.
 */
export interface HttpProxy {
  readonly url: string
  readonly port: number
  readonly requests: readonly {
    readonly method: string
    readonly path: string
    readonly login: string | undefined
  }[]
}

export interface Meddling {
  /** Answers in place of the server; undefined lets the request pass. */
  readonly answer?: (request: IncomingMessage) => Substitute | undefined
  /** Takes a request over by saying true. */
  readonly handle?: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Changes the text of an answer of the server. */
  readonly change?: (path: string, body: string) => string
  /** Speaks TLS. */
  readonly tls?: {
    readonly cert: string
    readonly key: string
    readonly ca?: string
    readonly requestCert?: boolean
  }
}

export interface Substitute {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export async function startHttpProxy(
  scope: Scope,
  target: string,
  meddling: Meddling = {},
): Promise<HttpProxy> {
  const requests: { method: string; path: string; login: string | undefined }[] = []
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method = '', url: path = '', headers } = incoming
    requests.push({ method, path, login: headers.authorization })
    if (meddling.handle?.(incoming, outgoing) === true) return
    const substitute = meddling.answer?.(incoming)
    if (substitute !== undefined) {
      incoming.resume()
      outgoing.writeHead(substitute.status, { 'content-type': 'application/json', ...substitute.headers })
      outgoing.end(substitute.body ?? '')
      return
    }
    const { hostname, port } = new URL(target)
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      if (meddling.change === undefined) {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
        return
      }
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('end', () => {
        const body = Buffer.from(meddling.change?.(path, Buffer.concat(parts).toString()) ?? '')
        outgoing.writeHead(answer.statusCode ?? 500, {
          ...answer.headers,
          'content-length': String(body.length),
        })
        outgoing.end(body)
      })
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    incoming.pipe(onward)
  }
  const server =
    meddling.tls === undefined
      ? createHttpServer(serve)
      : createHttpsServer({ ...meddling.tls, rejectUnauthorized: meddling.tls.requestCert === true }, serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.after(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return { url: `${meddling.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, port, requests }
}

/** Demands a login, and answers a wrong one as the security plugin does. */
export function demandLogin(authorization: string): Meddling {
  return {
    answer: ({ headers }) =>
      headers.authorization === authorization
        ? undefined
        : {
            status: 401,
            headers: { 'content-type': 'text/plain', 'www-authenticate': 'Basic' },
            body: 'Unauthorized',
          },
  }
}
