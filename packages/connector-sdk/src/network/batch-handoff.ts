import type { Batch } from '@bulkhead/connector-sdk'

/** Gathers rows into one batch at a time, in buffers that it uses again. */
export interface BatchBuilder {
  readonly rows: number
  /**
   * Adds one row as the server sends it, in `bytes` from `start` to `end`, during the call only.
   * @returns false when the batch is full and the row was not added; never when it is empty
   */
  add(bytes: Buffer, start: number, end: number): boolean
  /** The batch, which lies in the builder's buffers until `reset`. */
  build(): Batch
  reset(): void
}

/**
 * Between the socket, which pushes rows, and the consumer, who asks for batches. While the consumer
 * holds a batch the next one fills; then the socket pauses, and the server waits. So at most two
 * batches are in memory (I8).
 */
export class BatchHandoff {
  readonly #resume: () => void
  readonly #maxRows: number
  readonly #free: BatchBuilder[]
  #filling: BatchBuilder | undefined
  readonly #ready: BatchBuilder[] = []
  #held: BatchBuilder | undefined
  #end: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined
  #rows = 0

  /**
   * @param resume   called when there may be room again after `row` returned false
   * @param maxRows  after so many the result is over, whatever comes
   */
  constructor(createBuilder: () => BatchBuilder, resume: () => void, maxRows = Infinity) {
    this.#free = [createBuilder(), createBuilder()]
    this.#maxRows = maxRows
    this.#resume = resume
  }

  /** Rows taken so far. */
  get taken(): number {
    return this.#rows
  }

  /**
   * Takes one row, in `bytes` from `start` to `end`, during the call only.
   * @returns false when there is no room: the same row comes again after `resume`
   */
  row(bytes: Buffer, start: number, end: number): boolean {
    if (this.#rows >= this.#maxRows || this.#end !== undefined) {
      this.end()
      return true
    }
    for (;;) {
      const filling = (this.#filling ??= this.#free.pop())
      if (filling === undefined) return false
      const before = filling.rows
      if (filling.add(bytes, start, end)) {
        // Not always one: a protocol may send what ends the rows as a row.
        this.#rows += filling.rows - before
        return true
      }
      this.#ready.push(filling)
      this.#filling = undefined
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

  #takeLast(): BatchBuilder | undefined {
    const last = this.#filling
    this.#filling = undefined
    return last !== undefined && last.rows > 0 ? last : undefined
  }
}
