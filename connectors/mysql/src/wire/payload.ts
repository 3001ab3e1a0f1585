/**
 * A payload read from its beginning to its end.
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_dt_integers.html
 */
export class Payload {
  readonly #bytes: Buffer
  readonly #end: number
  #at: number

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  /** Bytes that are not read yet. */
  get left(): number {
    return this.#end - this.#at
  }

  /** A whole number of so many bytes, at most six. */
  number(bytes: number): number {
    return this.#bytes.readUIntLE(this.#take(bytes), bytes)
  }

  skip(bytes: number): void {
    this.#take(bytes)
  }

  /** So many bytes, in memory of their own. */
  bytes(length: number): Buffer {
    const at = this.#take(length)
    return Buffer.from(this.#bytes.subarray(at, at + length))
  }

  /** Text up to a NUL, or to the end. */
  textToNul(): string {
    const nul = this.#bytes.indexOf(0, this.#at)
    const end = nul === -1 || nul > this.#end ? this.#end : nul
    const text = this.#bytes.toString('utf8', this.#at, end)
    this.#at = Math.min(this.#end, end + 1)
    return text
  }

  /** A number in one, three, four or nine bytes; null for the mark of NULL. */
  lengthEncoded(): number | null {
    const first = this.number(1)
    if (first < 0xfb) return first
    if (first === 0xfb) return null
    if (first === 0xfc) return this.number(2)
    if (first === 0xfd) return this.number(3)
    const low = this.number(4)
    return this.number(4) * 2 ** 32 + low
  }

  /** Text with its length in front; null for NULL. */
  text(): string | null {
    const length = this.lengthEncoded()
    if (length === null) return null
    const at = this.#take(length)
    return this.#bytes.toString('utf8', at, at + length)
  }

  #take(length: number): number {
    const at = this.#at
    if (length > this.#end - at) throw new RangeError('A packet of the server is too short')
    this.#at = at + length
    return at
  }
}
