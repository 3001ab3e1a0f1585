import { failure } from './errors.ts'

/** Counts the time that a read works, and not that in which nobody asks for rows. */
export class WorkingTime {
  readonly #limitMs: number
  #workedMs = 0
  #since = performance.now()

  /** @param limitMs  longest time, milliseconds */
  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** Work stops until `goOn`. */
  pause(): void {
    this.#workedMs += performance.now() - this.#since
  }

  goOn(): void {
    this.#since = performance.now()
  }

  /** @throws `file-records-query-timeout` */
  assertLeft(): void {
    if (this.#workedMs + performance.now() - this.#since <= this.#limitMs) return
    throw failure('file-records-query-timeout', `The files were read for more than ${this.#limitMs} ms`, {
      path: 'query',
    })
  }
}
