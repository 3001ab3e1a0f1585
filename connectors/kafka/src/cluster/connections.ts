import { type Broker, type Connection, type ConnectionOptions, ConnectionPool } from '@platformatic/kafka'

/** How long closing may take before sockets are broken. */
const closeMs = 1000

/** One connection to each broker, made when it is needed. */
export class Connections {
  readonly #pool: ConnectionPool
  readonly #open = new Set<Connection>()
  #closed = false

  constructor(options: ConnectionOptions) {
    this.#pool = new ConnectionPool('bulkhead', options)
    this.#pool.on('connecting', ({ connection }) => void this.#open.add(connection))
    this.#pool.on('disconnect', ({ connection }) => void this.#open.delete(connection))
  }

  /** To one of the brokers, the first that answers. */
  any(brokers: readonly Broker[]): Promise<Connection> {
    return this.#pool.getFirstAvailable([...brokers])
  }

  to(broker: Broker): Promise<Connection> {
    return this.#pool.get(broker)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeMs)
    })
    // It says goodbye first, which a broker that is silent never answers.
    await Promise.race([this.#pool.close().catch(() => undefined), late])
    clearTimeout(timer)
    for (const { socket } of this.#open) (socket as typeof socket | undefined)?.destroy()
  }
}
