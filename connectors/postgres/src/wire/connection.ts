import type { Socket } from 'node:net'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import type { Incoming } from '@bulkhead/connector-sdk/network'
import { postgresError } from '../errors.ts'
import { backend } from './backend.ts'
import * as frontend from './frontend.ts'
import { MessageReader } from './message-reader.ts'

/** Who is told what arrives; it changes once, from the login to the session. */
export interface ConnectionListener {
  /** `body` may be used during the call only. */
  message(type: number, body: Buffer): void
  /** @returns false when there is no room: the socket pauses, and the same comes again after `resume` */
  copyData(bytes: Buffer, start: number, end: number): boolean
  /** The connection ended, by itself or by `destroy`. Told once. */
  failed(error: unknown): void
}

/** Longest wait for the server to close after our goodbye. */
const goodbyeMs = 1000

/** A connection that speaks the protocol: sends messages, passes on those that arrive, ends once. */
export class Connection {
  readonly socket: Socket
  readonly #reader: MessageReader
  #listener: ConnectionListener
  #failure: unknown

  /** @param maxRowBytes  longest row taken (I8) */
  constructor({ socket, receive }: Incoming, maxRowBytes: number, listener: ConnectionListener) {
    this.socket = socket
    this.#listener = listener
    this.#reader = new MessageReader(
      {
        message: (type, body) => {
          if (this.#failure === undefined) this.#guard(() => this.#listener.message(type, body))
        },
        copyData: (bytes, start, end) => {
          if (this.#failure !== undefined) return true
          try {
            return this.#listener.copyData(bytes, start, end)
          } catch (error) {
            this.destroy(error)
            return true
          }
        },
        tooLong: (type, bytes) =>
          this.destroy(type === backend.copyData ? rowTooLarge(bytes, maxRowBytes) : unexpected()),
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

  send(messages: readonly Buffer[]): void {
    if (this.#failure === undefined) this.socket.write(Buffer.concat(messages))
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
    this.socket.end(frontend.terminate())
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

  #guard(action: () => void): void {
    try {
      action()
    } catch (error) {
      // A message that is cut short, or a fault of ours: this session is over, the process goes on.
      this.destroy(isBulkheadError(error) ? error : unexpected(error))
    }
  }
}

export function connectionLost(cause?: string): Error {
  return postgresError(
    'postgres-connection-lost',
    `The connection to the server broke${cause === undefined ? '' : ` (${cause})`}`,
  )
}

function unexpected(cause?: unknown): Error {
  return postgresError('postgres-protocol', 'A message of the server cannot be understood', { cause })
}

function rowTooLarge(bytes: number, most: number): Error {
  return postgresError(
    'postgres-row-too-large',
    `A row of the result has ${bytes} bytes, more than the ${most} bytes that \`maxRowSize\` allows`,
    { path: 'config.maxRowSize' },
  )
}
