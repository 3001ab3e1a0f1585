/**
 * Bytes from somewhere in a stream of chunks up to somewhere else in it: a view of the chunk when one
 * chunk has them all, else put together.
 */
export class ByteSpan {
  #kept = Buffer.alloc(0)
  #length = 0
  #from = 0

  /** It begins here in the chunk at hand. */
  begin(at: number): void {
    this.#length = 0
    this.#from = at
    // A single large one should not stay in memory.
    if (this.#kept.length > 1024 * 1024) this.#kept = Buffer.alloc(0)
  }

  /** A new chunk is at hand; what was kept goes on at this place. */
  continueAt(at: number): void {
    this.#from = at
  }

  /** Bytes from the beginning to this place in the chunk at hand. */
  lengthTo(at: number): number {
    return this.#length + at - this.#from
  }

  /** Copies what the chunk has of it up to `end`: the chunk is about to go. */
  keep(chunk: Uint8Array, end: number): void {
    const more = end - this.#from
    if (this.#length + more > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#kept.length, this.#length + more, 4096))
      larger.set(this.#kept.subarray(0, this.#length))
      this.#kept = larger
    }
    this.#kept.set(chunk.subarray(this.#from, end), this.#length)
    this.#length += more
    this.#from = 0
  }

  /** All of it, which ends at `end` in the chunk at hand. Valid until the next call of any method. */
  take(chunk: Uint8Array, end: number): Uint8Array {
    if (this.#length === 0) return chunk.subarray(this.#from, end)
    this.keep(chunk, end)
    return this.#kept.subarray(0, this.#length)
  }
}
