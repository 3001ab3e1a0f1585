import { hash, randomBytes } from 'node:crypto'
import type { Kept } from '@bulkhead/connector-sdk'
import type { PlannedConnection } from '../plan/plan.ts'

/** What connectors keep for further runs of one application in one process. */
export interface KeptConnections extends AsyncDisposable {
  /**
   * For one connection with these settings and nothing else: another password is another key.
   * @param config  with secrets in clear
   */
  of(planned: PlannedConnection, role: 'source' | 'store', config: unknown): Kept
}

interface Waiting {
  readonly thing: AsyncDisposable
  readonly timer: NodeJS.Timeout
}

/** Longer than the pause between two requests of a busy application; systems end idle connections later. */
const idleMs = 10_000
/** Of one connection (I8). */
const mostOfOne = 16
/** Keys of settings that changed again and again. */
const mostKeys = 100

export function keepConnections(): KeptConnections {
  // digests of settings lead nowhere without it, and it never leaves the process (I6)
  const secret = randomBytes(32).toString('hex')
  const waiting = new Map<string, Waiting[]>()
  const closing = new Set<Promise<void>>()
  let closed = false

  function close(thing: AsyncDisposable): void {
    const done = disposeOf(thing).finally(() => closing.delete(done))
    closing.add(done)
  }

  function remove(key: string, entry: Waiting): void {
    const left = (waiting.get(key) ?? []).filter((other) => other !== entry)
    if (left.length === 0) waiting.delete(key)
    else waiting.set(key, left)
  }

  return {
    of(planned, role, config) {
      const { connector, name, limits } = planned
      const told = [connector.name, connector.version, connector.folder, name, role, limits, config]
      const key = hash('sha256', secret + JSON.stringify(told), 'base64')
      return {
        take() {
          const entry = waiting.get(key)?.at(-1)
          if (entry === undefined) return undefined
          clearTimeout(entry.timer)
          remove(key, entry)
          return entry.thing
        },
        put(thing) {
          const others = waiting.get(key) ?? []
          if (closed || others.length >= mostOfOne || (others.length === 0 && waiting.size >= mostKeys))
            return close(thing)
          const timer = setTimeout(() => {
            remove(key, entry)
            close(thing)
          }, idleMs).unref()
          const entry: Waiting = { thing, timer }
          waiting.set(key, [...others, entry])
        },
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true
      for (const { thing, timer } of [...waiting.values()].flat()) {
        clearTimeout(timer)
        close(thing)
      }
      waiting.clear()
      await Promise.all(closing)
    },
  }
}

/** What broke while it waited is of no interest. */
async function disposeOf(thing: AsyncDisposable): Promise<void> {
  try {
    await thing[Symbol.asyncDispose]()
  } catch {
    // it is gone either way
  }
}
