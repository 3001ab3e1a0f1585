import { gunzip } from 'node:zlib'
import type { ByteBuffer } from '../byte-buffer.ts'
import { type ConnectSettings, Connection } from './connection.ts'
import { AnswerTooLarge, NotHttp, RequestTimeout } from './failures.ts'
import type { ResponseReader } from './response-reader.ts'
import type { Node } from './settings.ts'
import type { Sign } from './signing.ts'

/** One request and its answer, at one node. */
export interface Exchange {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With query, without the path of the node's address; encoded. */
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

export interface LineSettings extends ConnectSettings {
  /** Value of the header `authorization`, of printable characters. */
  readonly authorization: string | undefined
  /** Signs every request. */
  readonly sign: Sign | undefined
  readonly gzip: boolean
  /** Connections that are kept for the next request, to each node. */
  readonly connections: number
}

/** Connections to the nodes, kept open between requests. */
export class Line {
  readonly #settings: LineSettings
  readonly #headers: string
  readonly #idle = new Map<Node, Connection[]>()
  #isClosed = false

  constructor(settings: LineSettings) {
    this.#settings = settings
    this.#headers =
      'accept: application/json\r\nuser-agent: bulkhead\r\n' +
      (settings.gzip ? 'accept-encoding: gzip\r\n' : '') +
      (settings.authorization === undefined ? '' : `authorization: ${settings.authorization}\r\n`)
  }

  /**
   * @throws what Node.js throws for a broken connection; ConnectTimeout, RequestTimeout, AnswerTooLarge ...;
   *   the reason of the signal. The connection is closed then, which tells the server to give up
   */
  async exchange(node: Node, wanted: Exchange, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted()
    const connection = this.#take(node) ?? (await Connection.open(node, this.#settings, signal))
    // it may have aborted while the connection came about
    signal.throwIfAborted()
    const { promise: stopped, reject } = Promise.withResolvers<never>()
    const abort = (): void => reject(signal.reason)
    const late = setTimeout(() => reject(new RequestTimeout()), wanted.timeoutMs)
    signal.addEventListener('abort', abort, { once: true })
    try {
      const response = await Promise.race([stopped, this.#send(connection, node, wanted, signal)])
      this.#keep(node, connection)
      return response
    } catch (error) {
      connection.destroy()
      throw error
    } finally {
      clearTimeout(late)
      signal.removeEventListener('abort', abort)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const connections of this.#idle.values()) for (const connection of connections) connection.destroy()
    this.#idle.clear()
  }

  async #send(connection: Connection, node: Node, wanted: Exchange, signal: AbortSignal): Promise<Answer> {
    const { into, mostBytes } = wanted
    const answer = await connection.exchange(await this.#request(node, wanted, signal), into, mostBytes)
    if (answer.headers.get('content-encoding') === 'gzip') await inflate(into, mostBytes)
    return { status: answer.status, retryAfter: retryAfter(answer), body: into.view() }
  }

  async #request(node: Node, { method, path, body }: Exchange, signal: AbortSignal): Promise<Buffer> {
    const asked = { method, path: `${node.basePath}${path}`, host: node.name, secure: node.secure, body }
    const proof = await this.#settings.sign?.(asked, signal)
    const headers = Object.entries(proof?.headers ?? { host: node.name }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    )
    const content =
      body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${body.length}\r\n`
    const line = `${method} ${proof?.path ?? asked.path} HTTP/1.1\r\n`
    const head = Buffer.from(`${line}${headers.join('')}${this.#headers}${content}\r\n`, 'latin1')
    return body === undefined ? head : Buffer.concat([head, body])
  }

  #take(node: Node): Connection | undefined {
    const connections = this.#idle.get(node) ?? []
    for (;;) {
      const connection = connections.pop()
      if (connection === undefined || connection.isOpen) return connection
    }
  }

  #keep(node: Node, connection: Connection): void {
    const connections = this.#idle.get(node) ?? []
    if (this.#isClosed || connections.length >= this.#settings.connections) connection.destroy()
    else if (connection.isOpen)
      this.#idle.set(node, [...connections.filter(({ isOpen }) => isOpen), connection])
  }
}

function retryAfter({ headers }: ResponseReader): string | undefined {
  return headers.get('retry-after')
}

/** Replaces what is compressed by what it means. */
async function inflate(into: ByteBuffer, mostBytes: number): Promise<void> {
  const compressed = Buffer.from(into.view())
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  gunzip(compressed, { maxOutputLength: mostBytes }, (error, content) => {
    if (error === null) resolve(content)
    else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      reject(new AnswerTooLarge(2 * mostBytes))
    else reject(new NotHttp('The content is not compressed as it says'))
  })
  const content = await promise
  into.begin(content.length)
  into.add(content)
}
