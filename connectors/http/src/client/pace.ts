import { setTimeout as sleep } from 'node:timers/promises'

/** Keeps requests apart: by a rate of our own, and by what the server said last. */
export class Pace {
  readonly #betweenMs: number
  #nextMs = 0

  constructor(requestsPerSecond: number | undefined) {
    this.#betweenMs = requestsPerSecond === undefined ? 0 : 1000 / requestsPerSecond
  }

  /** No request before so many milliseconds have passed. */
  hold(ms: number): void {
    this.#nextMs = Math.max(this.#nextMs, performance.now() + ms)
  }

  /** Resolves when the next request may go out, and counts it. */
  async turn(signal: AbortSignal): Promise<void> {
    const waitMs = this.#nextMs - performance.now()
    if (waitMs > 0) await pause(waitMs, signal)
    this.#nextMs = Math.max(this.#nextMs, performance.now()) + this.#betweenMs
  }
}

/** @throws the reason of the signal */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}
