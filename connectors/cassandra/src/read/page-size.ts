/** How much a page may be larger than the one before, in rows. */
const growth = 8

/**
 * How many rows to ask for, so that a page stays near a bound in bytes (I8): the protocol has no other
 * bound than rows. One for all pages of a read; rows that are suddenly larger make one page larger.
 */
export class PageSize {
  readonly #most: number
  readonly #bytes: number
  #rows: number

  /** @param firstRows  of the first page, before anything is known of their size */
  constructor(mostRows: number, bytes: number, firstRows: number) {
    this.#most = mostRows
    this.#bytes = bytes
    this.#rows = Math.min(firstRows, mostRows)
  }

  get rows(): number {
    return this.#rows
  }

  /** What a page held. */
  learn(rows: number, bytes: number): void {
    if (rows === 0) return
    const fitting = Math.floor((this.#bytes * rows) / Math.max(1, bytes))
    this.#rows = Math.max(1, Math.min(this.#most, fitting, growth * Math.max(rows, this.#rows)))
  }
}
