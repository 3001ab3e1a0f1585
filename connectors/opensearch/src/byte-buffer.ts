/**
 * Bytes that grow and are used again. What a single large content took is given back, so that memory
 * stays near the usual size (I8).
 */
export class ByteBuffer {
  bytes: Buffer
  /** How many are used. */
  length = 0
  readonly #usual: number

  /** @param usual  size up to which the memory is kept */
  constructor(usual: number) {
    this.#usual = usual
    // small results are common and should not cost megabytes
    this.bytes = Buffer.allocUnsafeSlow(Math.min(usual, 64 * 1024))
  }

  /** Forgets the content and makes room for one of so many bytes, as far as that is known. */
  begin(expected = 0): void {
    this.length = 0
    if (this.bytes.length > 2 * this.#usual) this.bytes = Buffer.allocUnsafeSlow(this.#usual)
    // at once as large as it usually gets: the next content may have a byte more than this one
    if (expected > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(Math.max(expected, this.#usual))
  }

  /** Makes room for so many more bytes. */
  reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#near(2 * this.bytes.length)))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }

  add(from: Buffer, start = 0, end = from.length): void {
    this.reserve(end - start)
    from.copy(this.bytes, this.length, start, end)
    this.length += end - start
  }

  addByte(byte: number): void {
    this.reserve(1)
    this.bytes[this.length++] = byte
  }

  /** The content, until it is changed. */
  view(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  /** Up to the usual size memory grows at once, beyond it only as needed. */
  #near(size: number): number {
    return size > this.#usual ? size : Math.min(this.#usual, Math.max(size, 64 * 1024))
  }
}
