import { once } from 'node:events'
import { cancelRequest } from '../wire/frontend.ts'
import { openSocket } from './open-socket.ts'
import type { Target } from './target.ts'

/**
 * Asks the server to stop what a session does, over a connection of its own (encrypted like the
 * session's). Resolves when the server has taken the request; it does not say whether anything was stopped.
 * @param key  the content of BackendKeyData of the session
 */
export async function cancelQuery(target: Target, key: Uint8Array, signal: AbortSignal): Promise<void> {
  const { socket } = await openSocket(target, signal)
  try {
    socket.resume()
    socket.end(cancelRequest(key))
    await once(socket, 'close', { signal })
  } finally {
    socket.destroy()
  }
}
