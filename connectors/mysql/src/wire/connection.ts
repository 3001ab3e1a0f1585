import type { Socket } from 'node:net'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { mysqlError } from '../errors.ts'
import type { Transport } from '../session/open-socket.ts'
import { packets, quit } from './client-packets.ts'
import { PacketReader } from './packet-reader.ts'

/** Who is told what arrives; it changes once, from the login to the session. */
export interface ConnectionListener {
  /**
   * A payload, during the call only.
   * @returns false when there is no room: the socket pauses, and the same comes again after `resume`
   */
  payload(bytes: Buffer, start: number, end: number): boolean
  /** The connection ended, by itself or by `destroy`. Told once. */
  failed(error: unknown): void
}

/** Longest wait for the server to close after our goodbye. */
const goodbyeMs = 1000

/** A connection that speaks the protocol: sends payloads, passes on those that arrive, ends once. */
export class Connection {
  readonly socket: Socket
  readonly #reader: PacketReader
  #listener: ConnectionListener
  #failure: unknown

  /** @param maxRowBytes  longest row taken (I8) */
  constructor({ socket, receive }: Transport, maxRowBytes: number, listener: ConnectionListener) {
    this.socket = socket
    this.#listener = listener
    this.#reader = new PacketReader(
      {
        payload: (bytes, start, end) => {
          if (this.#failure !== undefined) return true
          try {
            return this.#listener.payload(bytes, start, end)
          } catch (error) {
            // A packet that is cut short, or a fault of ours: this session is over, the process goes on.
            this.destroy(isBulkheadError(error) ? error : unexpected(error))
            return true
          }
        },
        tooLong: (bytes) => this.destroy(rowTooLarge(bytes, maxRowBytes)),
      },
      maxRowBytes,
    )
    receive((chunk) => this.#failure !== undefined || this.#reader.feed(chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => this.destroy(error))
    socket.on('close', () => this.destroy(connectionLost()))
  }

  get failure(): unknown {
    return this.#failure
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener
    if (this.#failure !== undefined) listener.failed(this.#failure)
  }

  /** @param sequence  0 for a command; in the login one more than that of the packet that it answers */
  send(payload: Buffer, sequence = 0): void {
    if (this.#failure === undefined) this.socket.write(packets(payload, sequence))
  }

  /** Goes on after the listener had no room. */
  resume(): void {
    if (this.#failure === undefined && this.#reader.resume()) this.socket.resume()
  }

  /** Says goodbye and drops what still comes. */
  close(): void {
    if (this.#failure !== undefined) return
    this.#fail(connectionLost())
    // The server closes only when it could send all that it has.
    this.socket.resume()
    this.socket.end(packets(quit(), 0))
    const patience = setTimeout(() => this.socket.destroy(), goodbyeMs)
    this.socket.once('close', () => clearTimeout(patience))
  }

  /** Ends it at once. The first error is the one that counts. */
  destroy(error: unknown): void {
    this.#fail(error)
    this.socket.destroy()
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = error ?? connectionLost()
    this.#listener.failed(this.#failure)
  }
}

export function connectionLost(cause?: string): Error {
  return mysqlError(
    'mysql-connection-lost',
    `The connection to the server broke${cause === undefined ? '' : ` (${cause})`}`,
  )
}

/** What the network says is one error here; a fault of ours stays what it is. */
export function asBroken(failure: unknown): unknown {
  const { syscall, code } = failure as NodeJS.ErrnoException
  return syscall === undefined && code?.startsWith('ERR_SSL') !== true ? failure : connectionLost(code)
}

export function unexpected(cause?: unknown): Error {
  return mysqlError('mysql-protocol', 'A packet of the server cannot be understood', { cause })
}

function rowTooLarge(bytes: number, most: number): Error {
  return mysqlError(
    'mysql-row-too-large',
    `A row of the result has ${bytes} bytes or more, and \`maxRowSize\` allows ${most}`,
    { path: 'config.maxRowSize' },
  )
}
