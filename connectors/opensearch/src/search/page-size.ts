/** How many documents a page asks for, so that its bytes stay near a target whatever the documents are (I8). */
export class PageSize {
  readonly #most: number
  readonly #targetBytes: number
  #size: number

  /** @param most  documents that an index allows, or the query */
  constructor(most: number, targetBytes: number) {
    this.#most = most
    this.#targetBytes = targetBytes
    this.#size = Math.min(most, FIRST)
  }

  get size(): number {
    return this.#size
  }

  /** Learns from a page that held as many documents as it was asked for, or fewer. */
  learn(asked: number, bytes: number): void {
    const fitting = Math.floor((this.#targetBytes * asked) / Math.max(1, bytes))
    // it grows by steps: the next documents may be larger
    this.#size = Math.max(1, Math.min(this.#most, fitting, Math.max(this.#size, asked * GROWTH)))
  }

  /** Learns from a page that did not fit. @returns false when it was of a single document */
  shrink(asked: number, bytes: number): boolean {
    if (asked <= 1) return false
    const fitting = Math.floor((this.#targetBytes * asked) / (2 * Math.max(1, bytes)))
    this.#size = Math.max(1, Math.min(Math.floor(asked / 2), fitting))
    return true
  }
}

const FIRST = 500
const GROWTH = 8
