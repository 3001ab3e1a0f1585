/** Where a new object begins: small results must not cost the memory of a part. */
const FIRST_BYTES = 8 * 1024

/** A part that is being filled. */
export interface PartBuffer {
  bytes: Uint8Array
  length: number
}

/**
 * The buffers of one object: each grows up to one part, and is used again when its part is stored.
 * At most `most` of them exist, so that their memory is at most `most * partBytes` (I8).
 */
export class PartBuffers {
  readonly #partBytes: number
  readonly #most: number
  readonly #free: PartBuffer[] = []
  #made = 0

  constructor(partBytes: number, most: number) {
    this.#partBytes = partBytes
    this.#most = most
  }

  /** An empty buffer. Whoever takes more than there are has not waited for a part. */
  take(): PartBuffer {
    const used = this.#free.pop()
    if (used !== undefined) return used
    if (this.#made === this.#most) throw new Error(`More than ${this.#most} parts were held at once`)
    // a second buffer means that the first grew to a part, and the others will
    const size = this.#made === 0 ? Math.min(FIRST_BYTES, this.#partBytes) : this.#partBytes
    this.#made++
    return { bytes: new Uint8Array(size), length: 0 }
  }

  giveBack(buffer: PartBuffer): void {
    buffer.length = 0
    this.#free.push(buffer)
  }

  /** Copies as much as the part still holds. @returns how many bytes that was */
  fill(buffer: PartBuffer, bytes: Uint8Array, from: number): number {
    const count = Math.min(this.#partBytes - buffer.length, bytes.length - from)
    this.#grow(buffer, buffer.length + count)
    buffer.bytes.set(bytes.subarray(from, from + count), buffer.length)
    buffer.length += count
    return count
  }

  isFull(buffer: PartBuffer): boolean {
    return buffer.length === this.#partBytes
  }

  #grow(buffer: PartBuffer, needed: number): void {
    if (needed <= buffer.bytes.length) return
    const grown = new Uint8Array(Math.min(this.#partBytes, Math.max(needed, buffer.bytes.length * 2)))
    grown.set(buffer.bytes.subarray(0, buffer.length))
    buffer.bytes = grown
  }
}
