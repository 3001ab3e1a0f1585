import type { ConnectionContext } from '@bulkhead/connector-sdk'
import type { Config } from '../config.ts'
import { mysqlError } from '../errors.ts'
import { connect, type Connected } from './connect.ts'
import type { Target } from './target.ts'

/** The sessions of one connection of a run: never more than `limits.connections`. */
export class SessionPool implements AsyncDisposable {
  readonly #target: Target
  readonly #context: ConnectionContext<Config>
  readonly #idle: Connected[] = []
  readonly #inUse = new Set<Connected>()
  /** Connections being made: they count too. */
  #connecting = 0
  #closed = false

  constructor(target: Target, context: ConnectionContext<Config>) {
    this.#target = target
    this.#context = context
  }

  /**
   * A session of one's own until it is released: one that is idle, or a new one.
   * @throws BulkheadError `mysql-connections-in-use` rather than waiting for oneself
   */
  async acquire(signal: AbortSignal): Promise<Connected> {
    signal.throwIfAborted()
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (!idle.session.usable) continue
      this.#inUse.add(idle)
      return idle
    }
    const { limits, connection } = this.#context
    if (this.#inUse.size + this.#connecting >= limits.connections)
      throw mysqlError(
        'mysql-connections-in-use',
        `All ${limits.connections} connections of "${connection}" are in use`,
        { path: 'limits.connections' },
      )
    this.#connecting += 1
    try {
      const connected = await connect(this.#target, this.#context, signal)
      if (this.#closed) {
        await connected.session.end()
        throw new TypeError('The source is closed')
      }
      this.#inUse.add(connected)
      return connected
    } finally {
      this.#connecting -= 1
    }
  }

  /** Takes a session back. One in a transaction, or broken, has to be ended before. */
  release(connected: Connected): void {
    this.#inUse.delete(connected)
    if (connected.session.usable && !this.#closed) this.#idle.push(connected)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#idle.splice(0), ...this.#inUse].map(({ session }) => session.end()))
  }
}
