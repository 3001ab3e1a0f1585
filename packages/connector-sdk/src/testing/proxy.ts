/**
 * A TCP proxy that misbehaves on demand: faults are injected by a real thing in between, not by
 * doubles. Listens on loopback only.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** What runs something when it is over: a test's context, or `{ after }` of `node:test` for a whole file. */
export interface Scope {
  after(action: () => void | Promise<void>): void
}

export interface Proxy {
  readonly host: string
  readonly port: number
  /** Connections open now. */
  readonly open: number
  /** Connections ever accepted. */
  readonly accepted: number
  /** Connections that were reset because of `refuse`. */
  readonly refused: number
  readonly bytesToServer: number
  readonly bytesToClient: number
  /** Holds every chunk back for so long, both ways; 0 ends it. */
  delay(milliseconds: number): void
  /** Lets so many bytes a second pass, each way of each connection; undefined ends it. */
  throttle(bytesPerSecond: number | undefined): void
  /** Passes nothing on and closes nothing, as a half-open connection does, until `resume`. */
  silence(): void
  resume(): void
  /** Resets all open connections. New ones are served. */
  cut(): void
  /** Resets each connection when so many bytes of it went to the client; undefined ends it. */
  cutAfter(bytesToClient: number | undefined): void
  /** Accepts no new connections (they are reset at once), or does again. */
  refuse(refused: boolean): void
}

/**
 * Starts a proxy in front of a server, closed when the scope is over.
 *
 * @param at  where it listens, for a server that tells its clients an address; any free port of 127.0.0.1 when absent
 */
export async function startProxy(
  scope: Scope,
  target: { readonly host: string; readonly port: number },
  at: { readonly host: string; readonly port: number } = { host: '127.0.0.1', port: 0 },
): Promise<Proxy> {
  const faults = new Faults()
  const sockets = new Set<Socket>()
  const counts = { accepted: 0, refused: 0, open: 0, bytesToServer: 0, bytesToClient: 0 }

  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (faults.refused) {
      counts.refused++
      client.on('error', () => undefined)
      client.resetAndDestroy()
      return
    }
    counts.accepted++
    counts.open++
    const upstream = connect({ host: target.host, port: target.port, allowHalfOpen: true })
    let toThisClient = 0
    const end = (): void => {
      for (const socket of [client, upstream]) {
        if (!socket.destroyed) reset(socket)
      }
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', () => sockets.delete(socket))
    }
    client.on('close', () => counts.open--)
    pump(client, upstream, faults, (bytes) => (counts.bytesToServer += bytes)).catch(end)
    pump(upstream, client, faults, (bytes) => {
      counts.bytesToClient += bytes
      toThisClient += bytes
      if (faults.cutAfter !== undefined && toThisClient >= faults.cutAfter) end()
    }).catch(end)
  })
  server.listen(at.port, at.host)
  await once(server, 'listening')

  const cut = (): void => {
    for (const socket of sockets) reset(socket)
  }
  scope.after(async () => {
    faults.resume()
    cut()
    server.close()
    await once(server, 'close')
  })

  return {
    host: at.host,
    port: (server.address() as AddressInfo).port,
    get open() {
      return counts.open
    },
    get accepted() {
      return counts.accepted
    },
    get refused() {
      return counts.refused
    },
    get bytesToServer() {
      return counts.bytesToServer
    },
    get bytesToClient() {
      return counts.bytesToClient
    },
    delay: (milliseconds) => void (faults.delayMs = milliseconds),
    throttle: (bytesPerSecond) => void (faults.bytesPerSecond = bytesPerSecond),
    silence: () => faults.silence(),
    resume: () => faults.resume(),
    cut,
    cutAfter: (bytes) => void (faults.cutAfter = bytes),
    refuse: (refused) => void (faults.refused = refused),
  }
}

/** A socket that is about to end cannot be reset: Node 24 would keep its handle, and spin when the process exits. */
function reset(socket: Socket): void {
  if (socket.connecting || socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}

/** The faults in force, shared by all connections of a proxy. */
class Faults {
  delayMs = 0
  bytesPerSecond: number | undefined
  cutAfter: number | undefined
  refused = false
  #spoken: Promise<void> = Promise.resolve()
  #speak: (() => void) | undefined

  silence(): void {
    if (this.#speak !== undefined) return
    this.#spoken = new Promise((resolve) => (this.#speak = resolve))
  }

  resume(): void {
    this.#speak?.()
    this.#speak = undefined
  }

  /** Resolves when a chunk of this size may pass. */
  async passed(bytes: number): Promise<void> {
    await this.#spoken
    if (this.delayMs > 0) await sleep(this.delayMs)
    if (this.bytesPerSecond !== undefined) await sleep((bytes / this.bytesPerSecond) * 1000)
    await this.#spoken
  }
}

/** One direction of a connection: ends with it, half-closed ones included; rejects when either side breaks. */
function pump(from: Socket, to: Socket, faults: Faults, count: (bytes: number) => void): Promise<void> {
  return pipeline(
    from,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        for (const piece of pieces(chunk, faults.bytesPerSecond)) {
          await faults.passed(piece.length)
          yield piece
          count(piece.length)
        }
      }
      await faults.passed(0)
    },
    to,
  )
}

/** Cut so that a slow rate is even: at most a tenth of a second of it at once. */
function* pieces(chunk: Buffer, bytesPerSecond: number | undefined): Generator<Buffer> {
  const size = bytesPerSecond === undefined ? chunk.length : Math.max(1, Math.ceil(bytesPerSecond / 10))
  for (let start = 0; start < chunk.length; start += size) yield chunk.subarray(start, start + size)
}
