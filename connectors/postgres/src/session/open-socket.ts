import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { postgresError } from '../errors.ts'
import { connectionLost } from '../wire/connection.ts'
import { sslRequest } from '../wire/frontend.ts'
import type { Target } from './target.ts'

/** A connected socket, and the way to get what arrives on it. */
export interface Transport {
  readonly socket: Socket
  /**
   * Sets who gets the bytes, from now on; until then they wait or are dropped.
   * @param take  gets bytes that it may use until it asks for more; returns false to pause the socket
   */
  readonly receive: (take: (chunk: Buffer) => boolean) => void
}

/** A peer that vanished is noticed after this time and ten more seconds. */
const keepAliveMs = 10_000
/** Read at once. One buffer is used again and again: one a read would be garbage of the size of the result. */
const readBytes = 256 * 1024

/**
 * Connects, encrypted when the target says so.
 * @throws what the network or TLS says; BulkheadError when the server has no TLS; the signal's reason
 */
export async function openSocket(target: Target, signal: AbortSignal): Promise<Transport> {
  signal.throwIfAborted()
  const { host, port, tls } = target
  let receiver = (_chunk: Buffer): boolean => true
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
  try {
    await happens(socket, 'connect', signal)
    if (tls === undefined) return { socket, receive: (take) => void (receiver = take) }

    const secure = await encrypt(socket, tls, target, signal)
    return {
      socket: secure,
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

async function encrypt(
  socket: Socket,
  tls: NonNullable<Target['tls']>,
  { host, port }: Target,
  signal: AbortSignal,
): Promise<Socket> {
  socket.write(sslRequest())
  const [answer] = (await happens(socket, 'data', signal)) as [Buffer]
  // More than one byte before the handshake would be text that someone put in between.
  if (answer.length !== 1 || (answer[0] !== 0x53 && answer[0] !== 0x4e))
    throw postgresError('postgres-not-a-server', `What answers at ${host}:${port} is not PostgreSQL`, {
      path: 'config.host',
    })
  if (answer[0] === 0x4e)
    throw postgresError('postgres-tls-unsupported', `The server at ${host}:${port} has no TLS`, {
      path: 'config.tls.mode',
    })
  const secure = connectTls({ ...tls, socket })
  secure.on('error', () => undefined)
  await happens(secure, 'secureConnect', signal)
  return secure
}

/** What an event brings; fails when the socket fails or closes first, or the signal aborts. */
async function happens(socket: Socket, event: string, signal: AbortSignal): Promise<unknown[]> {
  const done = new AbortController()
  const either = { signal: AbortSignal.any([signal, done.signal]) }
  const closed = once(socket, 'close', either).then(() => Promise.reject(connectionLost()))
  try {
    return await Promise.race([once(socket, event, either), closed])
  } finally {
    done.abort()
  }
}
