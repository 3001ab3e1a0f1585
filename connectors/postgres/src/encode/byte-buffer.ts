const nothing = Buffer.alloc(0)

/**
 * Bytes that grow up to a usual size and are used again. A single larger row gets a larger buffer
 * for once, which is given back (I8).
 */
export class ByteBuffer {
  bytes: Buffer
  /** How many are used. */
  length = 0
  readonly #usual: number
  readonly #first: number

  /**
   * @param usual  size up to which the buffer is kept
   * @param first  size at the beginning, which is made when there is something to hold
   */
  constructor(usual: number, first: number) {
    this.#usual = usual
    this.#first = Math.min(usual, first)
    this.bytes = nothing
  }

  /** Makes room for so many more bytes. */
  reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(
      Math.max(needed, this.#first, Math.min(this.#usual, 2 * this.bytes.length)),
    )
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }

  reset(): void {
    this.length = 0
    if (this.bytes.length > this.#usual) this.bytes = Buffer.allocUnsafeSlow(this.#usual)
  }
}

/** A result of bytes begins with so many: small results are common and should not cost megabytes. */
export const firstBytes = 8 * 1024
