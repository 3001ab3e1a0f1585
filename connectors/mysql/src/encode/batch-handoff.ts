import type { Batch } from '@bulkhead/connector-sdk'
import type { RowReceiver } from '../session/session.ts'
import type { ColumnsBatch } from './columns-batch.ts'

/**
 * Between the socket, which pushes rows, and the consumer, who asks for batches. While the consumer
 * holds a batch the next one fills; then the socket pauses, and the server waits. So at most two
 * batches are in memory (I8).
 */
export class BatchHandoff implements RowReceiver {
  readonly #resume: () => void
  readonly #maxRows: number
  readonly #free: ColumnsBatch[]
  #filling: ColumnsBatch | undefined
  readonly #ready: ColumnsBatch[] = []
  #held: ColumnsBatch | undefined
  #end: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined
  #rows = 0

  /**
   * @param batches  two of them, empty
   * @param maxRows  after so many the result is over, whatever comes; undefined: none
   * @param resume   called when there may be room again after `row` returned false
   */
  constructor(batches: ColumnsBatch[], maxRows: number | undefined, resume: () => void) {
    this.#free = batches
    this.#maxRows = maxRows ?? Infinity
    this.#resume = resume
  }

  row(bytes: Buffer, start: number, end: number): boolean {
    if (this.#rows >= this.#maxRows || this.#end !== undefined) {
      this.end()
      return true
    }
    for (;;) {
      const filling = (this.#filling ??= this.#free.pop())
      if (filling === undefined) return false
      if (filling.add(bytes, start, end)) {
        this.#rows += 1
        return true
      }
      this.#filling = undefined
      this.#ready.push(filling)
      this.#wake?.()
    }
  }

  /** All rows were taken, or an error ended them; the first call counts. */
  end(error?: unknown): void {
    this.#end ??= { error }
    this.#wake?.()
  }

  /** The next batch, valid until the next call; undefined after the last one. */
  async take(): Promise<Batch | undefined> {
    if (this.#held !== undefined) {
      this.#held.reset()
      this.#free.push(this.#held)
      this.#held = undefined
      this.#resume()
    }
    for (;;) {
      if (this.#end?.error !== undefined) throw this.#end.error
      this.#held = this.#ready.shift() ?? (this.#end === undefined ? undefined : this.#takeLast())
      if (this.#held !== undefined) return this.#held.build()
      if (this.#end !== undefined) return undefined
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #takeLast(): ColumnsBatch | undefined {
    const last = this.#filling
    this.#filling = undefined
    return last !== undefined && last.rows > 0 ? last : undefined
  }
}
