import { httpFault } from './errors.ts'

/** A bound of the time that a read works; the time in which its reader holds a batch does not count. */
export class Deadline implements Disposable {
  readonly #end = new AbortController()
  readonly #limitMs: number
  #leftMs: number
  #startedMs: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(limitMs: number) {
    this.#limitMs = limitMs
    this.#leftMs = limitMs
  }

  get signal(): AbortSignal {
    return this.#end.signal
  }

  start(): void {
    if (this.#startedMs !== undefined) return
    this.#startedMs = performance.now()
    this.#timer = setTimeout(
      () => {
        this.#end.abort(
          httpFault('http-read-too-long', `The read took longer than ${this.#limitMs} ms`, {
            path: 'limits.queryTimeout',
          }),
        )
      },
      Math.min(2_147_483_647, Math.max(0, this.#leftMs)),
    )
  }

  stop(): void {
    if (this.#startedMs === undefined) return
    this.#leftMs -= performance.now() - this.#startedMs
    this.#startedMs = undefined
    clearTimeout(this.#timer)
  }

  [Symbol.dispose](): void {
    this.stop()
  }
}
