import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Scope } from '../../../../test/support/cleanup.ts'

/**
 * A server of a test that answers with bytes of its own, which no library would send.
 * @param answer  gets each connection when its first request has come
 * @returns       its address
 */
export async function startRawServer(scope: Scope, answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    socket.once('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.after(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Sends the text, and then a blank now and then for ever. */
export function drip(socket: Socket, text: string): void {
  socket.write(text)
  const timer = setInterval(() => socket.write(' '), 50)
  socket.once('close', () => clearInterval(timer))
}
