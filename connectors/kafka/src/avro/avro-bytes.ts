/**
 * Reads the binary encoding of Avro. Every read is checked against the end of the bytes, which come from anybody.
 * @see https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
 */
export class AvroBytes {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, from: number) {
    this.#bytes = bytes
    this.#at = from
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  take(length: number): Buffer {
    const end = this.#at + length
    if (!(length >= 0 && end <= this.#bytes.length)) throw new RangeError('The bytes end too early')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  boolean(): boolean {
    const [byte] = this.take(1)
    if (byte !== 0 && byte !== 1) throw new RangeError('No boolean')
    return byte === 1
  }

  float(): number {
    return this.take(4).readFloatLE()
  }

  double(): number {
    return this.take(8).readDoubleLE()
  }

  long(): bigint {
    let low = 0
    let scale = 1
    // The first 49 bits fit into a double.
    for (let index = 0; index < 7; index++) {
      const byte = this.take(1)[0]!
      low += (byte & 0x7f) * scale
      if (byte < 0x80) return low % 2 === 0 ? BigInt(low / 2) : -BigInt((low + 1) / 2)
      scale *= 128
    }
    let value = BigInt(low)
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.take(1)[0]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        if (value >= 2n ** 64n) break
        return (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n
      }
    }
    throw new RangeError('A number of more than 64 bits')
  }

  int(): number {
    const value = this.long()
    if (value !== BigInt.asIntN(32, value)) throw new RangeError('A number of more than 32 bits')
    return Number(value)
  }

  /** A length, or how many. */
  count(): number {
    const value = this.long()
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < -BigInt(Number.MAX_SAFE_INTEGER))
      throw new RangeError('No length')
    return Number(value)
  }

  bytes(): Buffer {
    return this.take(this.count())
  }
}
