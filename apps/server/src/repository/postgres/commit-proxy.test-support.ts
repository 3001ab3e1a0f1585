/** Stands before PostgreSQL and loses a COMMIT, or the answer to it. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface CommitProxy {
  readonly port: number
  /** What happens to the next COMMIT; `undefined` again when it happened. */
  lose: 'commit' | 'answer' | undefined
}

export async function startCommitProxy(
  scope: { after(action: () => void | Promise<void>): void },
  target: { readonly host: string; readonly port: number },
): Promise<CommitProxy> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(target)
    let losesAnswer = false
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', end)
      socket.on('close', end)
    }
    client.on('data', (data: Buffer) => {
      if (proxy.lose !== undefined && data.includes('COMMIT')) {
        losesAnswer = proxy.lose === 'answer'
        proxy.lose = undefined
        if (!losesAnswer) return end()
      }
      upstream.write(data)
    })
    upstream.on('data', (data: Buffer) => (losesAnswer ? end() : void client.write(data)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.after(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  const proxy: CommitProxy = { port: (server.address() as AddressInfo).port, lose: undefined }
  return proxy
}
