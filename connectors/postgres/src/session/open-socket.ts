import type { Socket } from 'node:net'
import { dial, encrypt, happens, type Incoming } from '@bulkhead/connector-sdk/network'
import { postgresError } from '../errors.ts'
import { connectionLost } from '../wire/connection.ts'
import { sslRequest } from '../wire/frontend.ts'
import type { Target } from './target.ts'

/**
 * Connects, encrypted when the target says so.
 * @throws what the network or TLS says; BulkheadError when the server has no TLS; the signal's reason
 */
export async function openSocket(target: Target, signal: AbortSignal): Promise<Incoming> {
  signal.throwIfAborted()
  const { tls } = target
  const dialled = dial(target, tls !== undefined)
  const { socket } = dialled
  try {
    await happens(socket, 'connect', { signal, lost: connectionLost })
    if (tls === undefined) return dialled
    await askForTls(socket, target, signal)
    return await encrypt(socket, tls, signal, connectionLost)
  } catch (error) {
    socket.destroy()
    signal.throwIfAborted()
    throw error
  }
}

async function askForTls(socket: Socket, { host, port }: Target, signal: AbortSignal): Promise<void> {
  socket.write(sslRequest())
  const [answer] = (await happens(socket, 'data', { signal, lost: connectionLost })) as [Buffer]
  // More than one byte before the handshake would be text that someone put in between.
  if (answer.length !== 1 || (answer[0] !== 0x53 && answer[0] !== 0x4e))
    throw postgresError('postgres-not-a-server', `What answers at ${host}:${port} is not PostgreSQL`, {
      path: 'config.host',
    })
  if (answer[0] === 0x4e)
    throw postgresError('postgres-tls-unsupported', `The server at ${host}:${port} has no TLS`, {
      path: 'config.tls.mode',
    })
}
