/**
 * HTTP between the load and the server, as little of it as they need: messages with a `Content-Length`, one after the other
 * on kept connections. Node's own takes a tenth of the machine that is measured.
 */
import { createServer, type Server, Socket } from 'node:net'

interface Message {
  /** The first line: `HTTP/1.1 202 Accepted`. */
  readonly first: string
  readonly body: Buffer
}

export interface LeanClient extends Disposable {
  /** @returns the status of the answer */
  post(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<number>
}

/** Tells the messages that come over a connection, whole and in their order. @throws Error of what has no length */
function readMessages(socket: Socket, onMessage: (message: Message) => void): void {
  let pending: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    for (;;) {
      const end = pending.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = pending.toString('latin1', 0, end)
      const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? []
      if (length === undefined && !head.startsWith('HTTP/1.1 204')) {
        socket.destroy(new Error(`A message without a length: ${head}`))
        return
      }
      const next = end + 4 + Number(length ?? 0)
      if (pending.length < next) return
      const message = { first: head.slice(0, head.indexOf('\r\n')), body: pending.subarray(end + 4, next) }
      pending = pending.subarray(next)
      onMessage(message)
    }
  })
}

/** As many connections as there are calls at once. */
export function createLeanClient(url: string): LeanClient {
  const { hostname, port } = new URL(url)
  const idle = new Set<Socket>()
  const all = new Set<Socket>()
  const waiting = new WeakMap<Socket, PromiseWithResolvers<number>>()

  function connect(): Socket {
    const socket = new Socket()
    all.add(socket)
    socket.setNoDelay(true)
    readMessages(socket, ({ first }) => {
      idle.add(socket)
      waiting.get(socket)?.resolve(Number(first.split(' ')[1]))
    })
    socket.on('error', (error) => waiting.get(socket)?.reject(error))
    // also one that was idle for long
    socket.on('close', () => {
      idle.delete(socket)
      all.delete(socket)
      waiting.get(socket)?.reject(new Error('The server ended the connection'))
    })
    return socket.connect(Number(port), hostname)
  }

  return {
    post(path, headers, body) {
      const [socket = connect()] = idle
      idle.delete(socket)
      const answer = Promise.withResolvers<number>()
      waiting.set(socket, answer)
      const lines = Object.entries({
        host: `${hostname}:${port}`,
        ...headers,
        'content-length': Buffer.byteLength(body),
      })
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
      socket.write(`POST ${path} HTTP/1.1\r\n${head}\r\n${body}`)
      return answer.promise
    },
    [Symbol.dispose]() {
      for (const socket of all) socket.destroy()
    },
  }
}

/** Answers 204 to every message, and tells its body. */
export async function openLeanReceiver(
  onBody: (body: Buffer) => void,
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    readMessages(socket, ({ body }) => {
      socket.write('HTTP/1.1 204 No Content\r\n\r\n')
      onBody(body)
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It has no port')
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}
