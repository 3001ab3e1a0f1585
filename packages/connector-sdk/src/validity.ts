const FIRST_ROWS = 256

/**
 * Which rows of a batch have a value, in the layout of `Column.validity`: one bit a row, used again for the
 * next batch. Rows have one until said otherwise; without a null there is nothing to build.
 */
export class Validity {
  #bits = new Uint8Array(FIRST_ROWS / 8).fill(0xff)
  #hasNulls = false

  setNull(row: number): void {
    if (row >= 8 * this.#bits.length) this.#grow(2 * (row + 1))
    this.#bits[row >> 3]! &= ~(1 << (row & 7))
    this.#hasNulls = true
  }

  /** The bits of the first rows, until `reset`; undefined when all have a value. */
  build(rows: number): Uint8Array | undefined {
    if (!this.#hasNulls) return undefined
    if (rows > 8 * this.#bits.length) this.#grow(rows)
    return this.#bits.subarray(0, (rows + 7) >> 3)
  }

  reset(): void {
    if (this.#hasNulls) this.#bits.fill(0xff)
    this.#hasNulls = false
  }

  #grow(rows: number): void {
    const larger = new Uint8Array((rows + 7) >> 3).fill(0xff)
    larger.set(this.#bits)
    this.#bits = larger
  }
}
