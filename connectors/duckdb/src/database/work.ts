import type { DuckDBConnection } from '@duckdb/node-api'
import { fromDuckdb, type Stage } from '../duckdb-error.ts'
import { failure } from '../errors.ts'

/**
 * The calls of one connection, one at a time: each ends when its signal aborts, or when the query has
 * worked longer than it may. Time in which nobody asks for rows does not count.
 */
export class Work {
  readonly #connection: DuckDBConnection
  readonly #budgetMs: number
  #spentMs = 0
  #underWay: Promise<unknown> = Promise.resolve()

  constructor(connection: DuckDBConnection, budgetMs: number) {
    this.#connection = connection
    this.#budgetMs = budgetMs
  }

  /**
   * Runs one call of DuckDB.
   * @throws the signal's reason, `duckdb-query-timeout`, or what DuckDB's error means at this stage
   */
  async run<T>(stage: Stage, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    const started = performance.now()
    let late = false
    const interrupt = () => this.#connection.interrupt()
    const timer = setTimeout(
      () => {
        late = true
        interrupt()
      },
      Math.max(1, this.#budgetMs - this.#spentMs),
    )
    signal.addEventListener('abort', interrupt, { once: true })
    try {
      const result = call()
      this.#underWay = result.catch(() => undefined)
      return await result
    } catch (error) {
      signal.throwIfAborted()
      if (late) {
        throw failure('duckdb-query-timeout', `The query worked longer than ${this.#budgetMs / 1000} s`, {
          path: 'query',
        })
      }
      throw fromDuckdb(error, stage)
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', interrupt)
      this.#spentMs += performance.now() - started
    }
  }

  /** Ends the call that is under way, if any. */
  async stop(): Promise<void> {
    this.#connection.interrupt()
    await this.#underWay
  }
}
