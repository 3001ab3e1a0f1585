/** Bytes that grow as they are written. Room is asked for before writing; writers then write without looking. */
export class ByteBuffer {
  bytes: Uint8Array
  length = 0
  readonly #usual: number
  #taken = 0

  /** @param usual  what it mostly holds at most, bytes; it doubles up to there, and grows by a quarter beyond */
  constructor(capacity: number, usual = Number.POSITIVE_INFINITY) {
    this.bytes = new Uint8Array(capacity)
    this.#usual = usual
  }

  /** Makes room for so many bytes more. */
  reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const { length } = this.bytes
    const next = length < this.#usual ? Math.min(2 * length, this.#usual) : 1.25 * length
    const grown = new Uint8Array(Math.max(needed, Math.ceil(next)))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  byte(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  /** ASCII only. */
  ascii(text: string): void {
    this.reserve(text.length)
    const { bytes } = this
    let at = this.length
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index)
    this.length = at
  }

  /** The digits of a whole number below 2^53. */
  integer(value: number): void {
    this.reserve(17)
    const { bytes } = this
    let rest = Math.abs(value)
    if (value < 0) bytes[this.length++] = 0x2d
    let size = 1
    for (let limit = 10; rest >= limit; limit *= 10) size++
    this.length += size
    for (let at = this.length - 1; size > 0; size--, at--) {
      const tenth = Math.floor(rest / 10)
      bytes[at] = 0x30 + (rest - tenth * 10)
      rest = tenth
    }
  }

  range(source: Uint8Array, from: number, to: number): void {
    this.reserve(to - from)
    const { bytes } = this
    let at = this.length
    if (to - from > 64) bytes.set(source.subarray(from, to), at)
    else for (let index = from; index < to; index++) bytes[at + index - from] = source[index]!
    at += to - from
    this.length = at
  }

  /** Hexadecimal digits of the bytes. */
  hex(source: Uint8Array, from: number, to: number): void {
    this.reserve(2 * (to - from))
    const { bytes } = this
    let at = this.length
    for (let index = from; index < to; index++) {
      const byte = source[index]!
      bytes[at++] = hexDigits[byte >> 4]!
      bytes[at++] = hexDigits[byte & 15]!
    }
    this.length = at
  }

  /** The first bytes, which stay as they are until `recycle`. */
  take(end = this.length): Uint8Array {
    this.#taken = end
    return this.bytes.subarray(0, end)
  }

  /** Uses the room of what was taken again; what stands behind it moves to the front. */
  recycle(): void {
    if (this.#taken === 0) return
    this.bytes.copyWithin(0, this.#taken, this.length)
    this.length -= this.#taken
    this.#taken = 0
  }
}

const hexDigits = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))
