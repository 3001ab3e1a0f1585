import { EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { mysqlError } from '../errors.ts'
import { capability, clientCapabilities } from '../wire/capabilities.ts'
import { packets, tlsRequest } from '../wire/client-packets.ts'
import { connectionLost } from '../wire/connection.ts'
import { type Greeting, mark, readError, readGreeting } from '../wire/server-packets.ts'
import type { Target } from './target.ts'

/** A connected socket on which the server has introduced itself, and the way to get what arrives next. */
export interface Transport {
  readonly socket: Socket
  readonly greeting: Greeting
  /** Number of the next packet that the client sends. */
  readonly sequence: number
  /**
   * Sets who gets the bytes, from now on.
   * @param take  gets bytes that it may use until it asks for more; returns false to pause the socket
   */
  readonly receive: (take: (chunk: Buffer) => boolean) => void
}

/** A peer that vanished is noticed after this time and ten more seconds. */
const keepAliveMs = 10_000
/** Read at once. One buffer is used again and again: one a read would be garbage of the size of the result. */
const readBytes = 256 * 1024
/** A longer greeting is none. */
const greetingBytes = 4096

/**
 * Connects and waits for the greeting; encrypts when the target says so.
 * @throws what the network or TLS says; ServerError; BulkheadError when the server has no TLS; the signal's reason
 */
export async function openSocket(target: Target, signal: AbortSignal): Promise<Transport> {
  signal.throwIfAborted()
  const { host, port, tls } = target
  const first = new FirstBytes()
  let receiver = (chunk: Buffer): boolean => first.take(chunk)
  const socket = connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveMs,
    // TLS reads below this level, into buffers of its own.
    ...(tls === undefined
      ? {
          onread: {
            buffer: Buffer.allocUnsafeSlow(readBytes),
            callback: (bytes, buffer) => receiver((buffer as Buffer).subarray(0, bytes)),
          },
        }
      : {}),
  })
  socket.on('error', () => undefined) // also told to whoever waits; one without listener would end the process
  const listen = (chunk: Buffer): void => void first.take(chunk)
  if (tls !== undefined) socket.on('data', listen)
  try {
    await happens(socket, 'connect', signal)
    const greeting = await readFirst(socket, first, target, signal)
    socket.off('data', listen)
    if (tls === undefined) return { socket, greeting, sequence: 1, receive: (take) => void (receiver = take) }

    if ((greeting.capabilities.common & capability.tls) === 0)
      throw mysqlError('mysql-tls-unsupported', `The server at ${host}:${port} has no TLS`, {
        path: 'config.tls.mode',
      })
    socket.write(packets(tlsRequest(clientCapabilities(greeting.capabilities, true)), 1))
    const secure = connectTls({ ...tls, socket })
    secure.on('error', () => undefined)
    await happens(secure, 'secureConnect', signal)
    return {
      socket: secure,
      greeting,
      sequence: 2,
      receive: (take) =>
        void secure.on('data', (chunk: Buffer) => {
          if (!take(chunk)) secure.pause()
        }),
    }
  } catch (error) {
    socket.destroy()
    signal.throwIfAborted()
    throw error
  }
}

/** What arrives before anybody knows what it is. */
class FirstBytes extends EventEmitter {
  #bytes = Buffer.alloc(0)

  get bytes(): Buffer {
    return this.#bytes
  }

  take(chunk: Buffer): boolean {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    this.emit('more')
    return true
  }
}

/** The greeting, which is the one packet that the server sends unasked. */
async function readFirst(
  socket: Socket,
  first: FirstBytes,
  { host, port }: Target,
  signal: AbortSignal,
): Promise<Greeting> {
  for (;;) {
    const { bytes } = first
    const end = bytes.length < 4 ? 4 : 4 + bytes.readUIntLE(0, 3)
    // A byte behind it would be text that someone put in between.
    const whole = end > 4 && bytes.length === end
    const payload = bytes.subarray(4)
    if (whole && payload[0] === mark.error) throw readError(payload, 0, payload.length)
    const greeting = whole ? readGreeting(payload) : undefined
    if (greeting !== undefined) return greeting
    if (whole || bytes.length > end || end > greetingBytes)
      throw mysqlError('mysql-not-a-server', `What answers at ${host}:${port} is not MySQL`, {
        path: 'config.host',
      })
    await happens(first, 'more', signal, socket)
  }
}

/** What an event brings; fails when the socket fails or closes first, or the signal aborts. */
async function happens(
  emitter: EventEmitter,
  event: string,
  signal: AbortSignal,
  socket = emitter,
): Promise<unknown[]> {
  const done = new AbortController()
  const either = { signal: AbortSignal.any([signal, done.signal]) }
  const closed = once(socket, 'close', either).then(() => Promise.reject(connectionLost()))
  try {
    return await Promise.race([once(emitter, event, either), closed])
  } finally {
    done.abort()
  }
}
