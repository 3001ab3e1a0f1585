import { type EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

/** A socket, and the way to get what arrives on it. */
export interface Incoming {
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

/** Begins to connect: a socket that reads into one buffer, whose errors are also told to whoever waits. */
export function dial(
  { host, port }: { readonly host: string; readonly port: number },
  willEncrypt: boolean,
): Incoming {
  let receiver = (_chunk: Buffer): boolean => true
  const socket = connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveMs,
    // TLS reads below this level, into buffers of its own.
    ...(willEncrypt
      ? {}
      : {
          onread: {
            buffer: Buffer.allocUnsafeSlow(readBytes),
            callback: (bytes: number, buffer: Uint8Array) => receiver((buffer as Buffer).subarray(0, bytes)),
          },
        }),
  })
  socket.on('error', () => undefined) // one without listener would end the process
  return { socket, receive: (take) => void (receiver = take) }
}

/** @throws what TLS says; what `happens` throws */
export async function encrypt(
  socket: Socket,
  options: ConnectionOptions,
  signal: AbortSignal,
  lost: () => Error,
): Promise<Incoming> {
  const secure = connectTls({ ...options, socket })
  secure.on('error', () => undefined)
  await happens(secure, 'secureConnect', { signal, lost })
  return {
    socket: secure,
    receive: (take) =>
      void secure.on('data', (chunk: Buffer) => {
        if (!take(chunk)) secure.pause()
      }),
  }
}

/**
 * What an event brings.
 * @throws what the emitter or the signal says; what `lost` makes when the socket, else the emitter, closes first
 */
export async function happens(
  emitter: EventEmitter,
  event: string,
  {
    signal,
    lost,
    socket = emitter,
  }: { readonly signal: AbortSignal; readonly lost: () => Error; readonly socket?: EventEmitter },
): Promise<unknown[]> {
  const done = new AbortController()
  const either = { signal: AbortSignal.any([signal, done.signal]) }
  const closed = once(socket, 'close', either).then(() => Promise.reject(lost()))
  try {
    return await Promise.race([once(emitter, event, either), closed])
  } finally {
    done.abort()
  }
}
