import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls'
import type { ByteBuffer } from '../byte-buffer.ts'
import { ConnectionClosed, ConnectTimeout } from './failures.ts'
import { ResponseReader } from './response-reader.ts'
import type { Node } from './settings.ts'

/** Bytes that are read at once, into memory that is used again for every read. */
const READ_BYTES = 256 * 1024

export interface ConnectSettings {
  /** Of a connection with TLS. */
  readonly secureContext: SecureContext | undefined
  readonly serverName: string | undefined
  readonly timeoutMs: number
}

interface Waiting {
  readonly reader: ResponseReader
  readonly resolve: (reader: ResponseReader) => void
  readonly reject: (error: unknown) => void
}

/**
 * One connection to a node, for one request at a time. It reads HTTP by itself: what `node:http` hands
 * out is new memory for every 64 KiB, and clearing it away costs more than the rest of an extract.
 */
export class Connection {
  readonly #socket: Socket | TLSSocket
  #waiting: Waiting | undefined
  #isOpen = true

  private constructor(node: Node, settings: ConnectSettings) {
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (length: number, buffer: Uint8Array): boolean => {
        this.#read(buffer as Buffer, length)
        return true
      },
    }
    const address = { host: node.host, port: node.port, noDelay: true, keepAlive: true, onread }
    this.#socket = node.secure
      ? connectTls({ ...address, ...tlsOptions(node, settings) })
      : connectTcp(address)
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('end', () => this.#ended())
    this.#socket.on('close', () => this.#fail(new ConnectionClosed()))
  }

  /** @throws what Node.js throws; ConnectTimeout; the reason of the signal */
  static async open(node: Node, settings: ConnectSettings, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted()
    const connection = new Connection(node, settings)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(new ConnectTimeout()), settings.timeoutMs)
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    connection.#socket.once(node.secure ? 'secureConnect' : 'connect', () => resolve())
    connection.#socket.once('error', reject)
    connection.#socket.once('close', () => reject(new ConnectionClosed()))
    try {
      await promise
      return connection
    } catch (error) {
      connection.destroy()
      throw error
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Sends a request and reads its answer.
   * @throws what Node.js throws; ConnectionClosed, NotHttp, AnswerTooLarge; the connection is closed then
   */
  exchange(request: Buffer, into: ByteBuffer, mostBytes: number): Promise<ResponseReader> {
    const { promise, resolve, reject } = Promise.withResolvers<ResponseReader>()
    this.#waiting = { reader: new ResponseReader(into, mostBytes), resolve, reject }
    if (this.#isOpen) this.#socket.write(request)
    else this.#fail(new ConnectionClosed())
    return promise
  }

  /** Ends it at once, with whatever is under way: a server of OpenSearch gives up the search then. */
  destroy(): void {
    this.#isOpen = false
    this.#socket.destroy()
  }

  #read(bytes: Buffer, length: number): void {
    const { reader } = this.#waiting ?? {}
    if (reader === undefined) return this.destroy() // nobody asked
    try {
      reader.feed(bytes, length)
    } catch (error) {
      return this.#fail(error)
    }
    if (reader.isDone) this.#done(reader)
  }

  #ended(): void {
    const { reader } = this.#waiting ?? {}
    if (reader?.end() === true) this.#done(reader)
    this.#fail(new ConnectionClosed())
  }

  #done(reader: ResponseReader): void {
    const { resolve } = this.#waiting ?? {}
    this.#waiting = undefined
    if (!reader.staysOpen) this.destroy()
    resolve?.(reader)
  }

  #fail(error: unknown): void {
    const { reject } = this.#waiting ?? {}
    this.#waiting = undefined
    this.destroy()
    reject?.(error)
  }
}

function tlsOptions({ host }: Node, { secureContext, serverName }: ConnectSettings) {
  return {
    ALPNProtocols: ['http/1.1'],
    ...(secureContext !== undefined && { secureContext }),
    // an address in numbers is no name to ask for, yet the certificate has to carry it
    ...(serverName !== undefined ? { servername: serverName } : isIP(host) === 0 && { servername: host }),
  }
}
