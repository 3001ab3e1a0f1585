import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { postgresError } from '../errors.ts'
import { sslRequest } from '../wire/frontend.ts'
import type { Target } from './target.ts'

/** A peer that vanished is noticed after this time and ten more seconds. */
const keepAliveMs = 10_000

/**
 * Connects, encrypted when the target says so.
 * @throws what the network or TLS says; BulkheadError when the server has no TLS; the signal's reason
 */
export async function openSocket({ host, port, tls }: Target, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted()
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs })
  socket.on('error', () => undefined) // also told to whoever waits; one without listener would end the process
  try {
    await once(socket, 'connect', { signal })
    if (tls === undefined) return socket

    socket.write(sslRequest())
    const [answer] = (await once(socket, 'data', { signal })) as [Buffer]
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
    await once(secure, 'secureConnect', { signal })
    return secure
  } catch (error) {
    socket.destroy()
    signal.throwIfAborted()
    throw error
  }
}
