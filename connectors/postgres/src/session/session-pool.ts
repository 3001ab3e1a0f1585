import type { ConnectionContext } from '@bulkhead/connector-sdk'
import type { Config } from '../config.ts'
import { postgresError } from '../errors.ts'
import { connect, renew } from './connect.ts'
import { Session } from './session.ts'
import type { Target } from './target.ts'

/** The sessions of one connection of a run: never more than `limits.connections`. */
export class SessionPool implements AsyncDisposable {
  readonly #target: Target
  readonly #context: ConnectionContext<Config>
  readonly #idle: Session[] = []
  readonly #inUse = new Set<Session>()
  /** Connections being made: they count too. */
  #connecting = 0
  #closed = false

  constructor(target: Target, context: ConnectionContext<Config>) {
    this.#target = target
    this.#context = context
  }

  /**
   * A session of one's own until it is released: one that is idle, or a new one.
   * @throws BulkheadError `postgres-connections-in-use` rather than waiting for oneself
   */
  async acquire(signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted()
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (!idle.usable) continue
      this.#inUse.add(idle)
      return idle
    }
    const { limits, connection } = this.#context
    if (this.#inUse.size + this.#connecting >= limits.connections)
      throw postgresError(
        'postgres-connections-in-use',
        `All ${limits.connections} connections of "${connection}" are in use`,
        { path: `connections.${connection}.limits.connections` },
      )
    this.#connecting += 1
    try {
      const session =
        (await this.#keptSession(signal)) ?? (await connect(this.#target, this.#context, signal))
      if (this.#closed) {
        await session.end()
        throw new TypeError('The source is closed')
      }
      this.#inUse.add(session)
      return session
    } finally {
      this.#connecting -= 1
    }
  }

  /** Takes a session back. One in a transaction, or broken, has to be ended before. */
  release(session: Session): void {
    this.#inUse.delete(session)
    if (session.usable && !this.#closed) this.#idle.push(session)
  }

  /** One that an earlier run of the application left, with the same settings. */
  async #keptSession(signal: AbortSignal): Promise<Session | undefined> {
    const { kept } = this.#context
    for (let thing = kept?.take(); thing !== undefined; thing = kept?.take()) {
      if (thing instanceof Session && (await renew(thing, this.#context, signal))) return thing
      signal.throwIfAborted()
    }
    return undefined
  }

  /** What is idle may serve the next run. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    const { kept } = this.#context
    const ending = [...this.#inUse]
    for (const session of this.#idle.splice(0))
      if (kept !== undefined && session.usable) kept.put(session)
      else ending.push(session)
    await Promise.all(ending.map((session) => session.end()))
  }
}
