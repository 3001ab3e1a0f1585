import { isSet } from '../vectors/raw-vector.ts'

/** Which rows of a batch have a value: no memory and no work as long as all have. */
export class Validity {
  #bits = new Uint8Array(0)
  #rows = 0
  #nulls = 0

  /** Appends rows `from` to `to` of a chunk's bits. */
  append(bits: Uint8Array | undefined, from: number, to: number): void {
    const rows = this.#rows + to - from
    if (bits !== undefined) this.#appendBits(bits, from, to)
    else if (this.#nulls > 0) this.#reserve(rows)
    this.#rows = rows
  }

  /** The bits since the last call, undefined when there is no null. */
  take(): Uint8Array | undefined {
    const bits = this.#nulls === 0 ? undefined : this.#bits.subarray(0, Math.ceil(this.#rows / 8))
    this.#rows = 0
    this.#nulls = 0
    return bits
  }

  #appendBits(bits: Uint8Array, from: number, to: number): void {
    for (let row = from; row < to; row++) {
      if (isSet(bits, row)) continue
      if (this.#nulls === 0) this.#bits.fill(0xff)
      const at = this.#rows + row - from
      this.#nulls++
      this.#reserve(this.#rows + to - from)
      this.#bits[at >> 3] = (this.#bits[at >> 3] ?? 0) & ~(1 << (at & 7))
    }
  }

  #reserve(rows: number): void {
    const bytes = Math.ceil(rows / 8)
    if (this.#bits.length >= bytes) return
    const larger = new Uint8Array(Math.max(bytes, this.#bits.length * 2)).fill(0xff)
    larger.set(this.#bits)
    this.#bits = larger
  }
}
