import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { dial, encrypt, happens, type Incoming } from '@bulkhead/connector-sdk/network'
import { mysqlError } from '../errors.ts'
import { capability, clientCapabilities } from '../wire/capabilities.ts'
import { packets, tlsRequest } from '../wire/client-packets.ts'
import { connectionLost } from '../wire/connection.ts'
import { type Greeting, mark, readError, readGreeting } from '../wire/server-packets.ts'
import type { Target } from './target.ts'

/** A connected socket on which the server has introduced itself. */
export interface Transport extends Incoming {
  readonly greeting: Greeting
  /** Number of the next packet that the client sends. */
  readonly sequence: number
}

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
  const dialled = dial(target, tls !== undefined)
  const { socket } = dialled
  dialled.receive((chunk) => first.take(chunk))
  const listen = (chunk: Buffer): void => void first.take(chunk)
  if (tls !== undefined) socket.on('data', listen)
  try {
    await happens(socket, 'connect', { signal, lost: connectionLost })
    const greeting = await readFirst(socket, first, target, signal)
    socket.off('data', listen)
    if (tls === undefined) return { ...dialled, greeting, sequence: 1 }

    if ((greeting.capabilities.common & capability.tls) === 0)
      throw mysqlError('mysql-tls-unsupported', `The server at ${host}:${port} has no TLS`, {
        path: 'config.tls.mode',
      })
    socket.write(packets(tlsRequest(clientCapabilities(greeting.capabilities, true)), 1))
    return { ...(await encrypt(socket, tls, signal, connectionLost)), greeting, sequence: 2 }
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
    await happens(first, 'more', { signal, lost: connectionLost, socket })
  }
}
