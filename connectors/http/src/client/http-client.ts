import {
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Config } from '../config.ts'
import { httpFault } from '../errors.ts'
import { readBody } from './body.ts'
import { connectionFault } from './connection-fault.ts'
import { tlsOptions } from './tls-options.ts'

/** One request as it goes out. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Where the answer came from in the end, after redirects within the origin. */
  readonly url: URL
  /** The bytes, unpacked. Leaving the loop early closes the connection. */
  readonly body: AsyncIterable<Buffer>
  /** Ends it unread. */
  discard(): void
}

export interface ClientOptions {
  readonly tls: Config['tls']
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly maxBytes: number
}

const MAX_REDIRECTS = 5
const MAX_HEADER_BYTES = 64 * 1024

/**
 * Sends requests to one origin over connections that it keeps, and follows redirects within it.
 * Neither proxies of the environment nor cookies play a part.
 */
export class HttpClient implements Disposable {
  readonly #origin: string
  readonly #agent: HttpAgent | HttpsAgent
  readonly #options: ClientOptions

  /**
   * @param origin  scheme, host and port; nothing is ever sent elsewhere
   * @throws BulkheadError `http-tls-settings`
   */
  constructor(origin: URL, options: ClientOptions) {
    this.#origin = origin.origin
    this.#options = options
    // One page after the other: a second connection is for a page that broke off.
    const pool = { keepAlive: true, maxSockets: 4, maxFreeSockets: 1, timeout: 30_000 }
    this.#agent =
      origin.protocol === 'https:'
        ? new HttpsAgent({ ...pool, ...tlsOptions(options.tls) })
        : new HttpAgent(pool)
  }

  /**
   * Sends it, and resolves when the head of the answer is there, whatever its status.
   * @throws BulkheadError `http-unreachable` and others of the connection; the reason of the signal
   */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    let { url } = request
    for (let redirects = 0; ; redirects++) {
      if (url.origin !== this.#origin) throw new Error('A request would leave its origin')
      const { message, stop } = await this.#sendOnce({ ...request, url }, signal)
      const answer = this.#answer(message, url, stop, signal)
      const { location } = message.headers
      if (!redirectStatuses.has(answer.status) || location === undefined) return answer
      answer.discard()
      if (redirects === MAX_REDIRECTS)
        throw httpFault('http-redirect-refused', `${url.host} redirects more than ${MAX_REDIRECTS} times`, {
          path: 'config.baseUrl',
        })
      url = redirectTarget(location, url, request.method, answer.status)
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  #sendOnce(
    { method, url, headers, body }: HttpRequest,
    signal: AbortSignal,
  ): Promise<{ message: IncomingMessage; stop: (reason: unknown) => void }> {
    const { connectTimeoutMs, requestTimeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const request = send(url, {
        method,
        headers: { ...headers, ...length, 'accept-encoding': 'gzip, deflate, br' },
        agent: this.#agent,
        maxHeaderSize: MAX_HEADER_BYTES,
      })
      let timer: NodeJS.Timeout | undefined
      const stop = (reason: unknown): void => void request.destroy(reason as Error)
      const expire = (ms: number, message: string, path = 'config.requestTimeout', fix?: string): void => {
        clearTimeout(timer)
        const details = fix === undefined ? { path } : { path, fix }
        timer = setTimeout(() => stop(httpFault('http-timeout', message, details)), ms)
      }
      const onAbort = (): void => stop(httpFault('http-timeout', 'The request was stopped'))
      const settle = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      request.once('socket', (socket) => {
        if (!socket.connecting)
          return expire(requestTimeoutMs, `${url.host} did not answer in ${requestTimeoutMs} ms`)
        expire(
          connectTimeoutMs,
          `No connection to ${url.host} came about in ${connectTimeoutMs} ms`,
          'limits.connectTimeout',
          'Check host and port of the address, or raise limits.connectTimeout of the connection',
        )
        socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () =>
          expire(requestTimeoutMs, `${url.host} did not answer in ${requestTimeoutMs} ms`),
        )
      })
      request.once('response', (message) => {
        settle()
        resolve({ message, stop })
      })
      // Nobody asked for it; Node.js would close the connection and tell no one.
      request.once('upgrade', (_message, socket) => {
        settle()
        reject(httpFault('http-answer-not-json', `${url.host} switches to another protocol`))
        socket.destroy()
      })
      request.once('close', () => {
        settle()
        reject(connectionFault(undefined, url))
      })
      request.on('error', (error) => {
        settle()
        reject(signal.aborted ? (signal.reason as Error) : connectionFault(error, url))
      })
      request.end(body)
    })
  }

  #answer(
    message: IncomingMessage,
    url: URL,
    stop: (reason: unknown) => void,
    signal: AbortSignal,
  ): HttpAnswer {
    // Until somebody reads it, a broken connection is nobody's fault; the reader sees it.
    message.on('error', () => undefined)
    return {
      status: message.statusCode ?? 0,
      headers: message.headers,
      url,
      body: readBody(message, url, this.#options, signal),
      discard: () => {
        message.destroy()
        stop(undefined)
      },
    }
  }
}

const redirectStatuses = new Set([301, 302, 303, 307, 308])

/** Credentials and the query's parameters go to the origin that the settings name, and nowhere else. */
function redirectTarget(location: string, from: URL, method: string, status: number): URL {
  const target = URL.parse(location, from.href)
  if (target === null)
    throw httpFault('http-redirect-refused', `${from.host} redirects to what is no address`)
  if (target.origin !== from.origin)
    throw httpFault('http-redirect-elsewhere', `${from.origin} redirects to ${target.origin}`, {
      path: 'config.baseUrl',
    })
  if (method === 'POST' && status < 307)
    throw httpFault(
      'http-redirect-refused',
      `${from.host} redirects a POST with status ${status}, which would make it a GET`,
      { path: 'query.path' },
    )
  target.hash = ''
  target.username = ''
  target.password = ''
  return target
}
