import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { type SecureContext, TLSSocket } from 'node:tls'
import { createGunzip } from 'node:zlib'
import { AnswerTooLarge, ConnectTimeout, RequestTimeout } from './failures.ts'
import type { ByteBuffer } from '../byte-buffer.ts'
import type { Node } from './settings.ts'

/** One request and its answer, at one node. */
export interface Exchange {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With query, without the path of the node's address. */
  readonly path: string
  readonly body?: Buffer
  /** Takes the answer. */
  readonly into: ByteBuffer
  /** Most bytes of the answer, after decompression. */
  readonly mostBytes: number
  readonly timeoutMs: number
}

export interface Answer {
  readonly status: number
  /** Seconds or a date, as the server wrote it. */
  readonly retryAfter: string | undefined
  readonly body: Buffer
}

export interface LineSettings {
  readonly secureContext: SecureContext | undefined
  readonly serverName: string | undefined
  readonly authorization: string | undefined
  readonly gzip: boolean
  readonly connectTimeoutMs: number
  /** Connections open at once, to each node. */
  readonly connections: number
}

/** Connections to the nodes, kept open between requests. */
export class Line {
  readonly #settings: LineSettings
  readonly #http: HttpAgent
  readonly #https: HttpsAgent

  constructor(settings: LineSettings) {
    this.#settings = settings
    const { connections: maxSockets, secureContext } = settings
    const agent = { keepAlive: true, maxSockets, maxFreeSockets: maxSockets }
    this.#http = new HttpAgent(agent)
    this.#https = new HttpsAgent({
      ...agent,
      ...(secureContext !== undefined && { secureContext }),
      ...(settings.serverName !== undefined && { servername: settings.serverName }),
    })
  }

  /**
   * @throws what Node.js throws for a broken connection; ConnectTimeout, RequestTimeout, AnswerTooLarge;
   *   the reason of the signal. The connection is closed then, which tells the server to give up
   */
  async exchange(node: Node, wanted: Exchange, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const message = this.#request(node, wanted)
    const fail = (error: unknown): void => {
      reject(error)
      message.destroy()
    }
    const abort = (): void => fail(signal.reason)
    const late = setTimeout(() => fail(new RequestTimeout()), wanted.timeoutMs)
    let connecting: NodeJS.Timeout | undefined
    message.once('socket', (socket) => {
      if (!socket.connecting) return
      connecting = setTimeout(() => fail(new ConnectTimeout()), this.#settings.connectTimeoutMs)
      const connected = (): void => clearTimeout(connecting)
      socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', connected)
    })
    message.once('error', fail)
    message.once('response', (response) => void collect(response, wanted).then(resolve, fail))
    signal.addEventListener('abort', abort, { once: true })
    try {
      message.end(wanted.body)
      return await promise
    } finally {
      clearTimeout(late)
      clearTimeout(connecting)
      signal.removeEventListener('abort', abort)
      // what still comes of a connection that was given up is nobody's business
      message.on('error', () => undefined)
    }
  }

  close(): void {
    this.#http.destroy()
    this.#https.destroy()
  }

  #request(node: Node, { method, path, body }: Exchange) {
    const { authorization, gzip } = this.#settings
    const options = {
      host: node.host,
      port: node.port,
      method,
      path: node.basePath + path,
      headers: {
        accept: 'application/json',
        'user-agent': 'bulkhead',
        ...(gzip && { 'accept-encoding': 'gzip' }),
        ...(authorization !== undefined && { authorization }),
        ...(body !== undefined && { 'content-type': 'application/json', 'content-length': body.length }),
      },
    }
    return node.secure
      ? httpsRequest({ ...options, agent: this.#https })
      : httpRequest({ ...options, agent: this.#http })
  }
}

async function collect(response: IncomingMessage, { into, mostBytes }: Exchange): Promise<Answer> {
  const status = response.statusCode ?? 0
  const isCompressed = response.headers['content-encoding'] === 'gzip'
  const announced = Number(response.headers['content-length'] ?? 0)
  // told before a byte of it is read
  if (!isCompressed && announced > mostBytes) throw new AnswerTooLarge(announced)
  into.begin(isCompressed ? 0 : announced)
  await new Promise<void>((resolve, reject) => {
    const content = isCompressed ? response.pipe(createGunzip()) : response
    response.once('error', reject)
    content.once('error', reject)
    content.on('data', (chunk: Buffer) => {
      if (into.length + chunk.length > mostBytes) reject(new AnswerTooLarge(into.length + chunk.length))
      else into.add(chunk)
    })
    content.once('end', resolve)
  })
  return { status, retryAfter: response.headers['retry-after'], body: into.view() }
}
