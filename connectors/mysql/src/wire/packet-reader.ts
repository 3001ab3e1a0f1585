/** Told of every payload, in the order of arrival. */
export interface PayloadHandler {
  /**
   * A payload, in `bytes` from `start` to `end`, during the call only.
   * @returns false to be offered it again at the next `resume`: the reader then stops in front of it
   */
  payload(bytes: Buffer, start: number, end: number): boolean
  /** A payload is longer than the limit; nothing more will be read. */
  tooLong(bytes: number): void
}

const headerBytes = 4
/** A packet of this length is continued by the next one. */
const fullPacket = 0xff_ff_ff
/** Large enough for what a chunk of the socket usually leaves over; larger payloads get a buffer of their own. */
const usualBytes = 64 * 1024

/**
 * Cuts what arrives into payloads: a packet is three bytes of length, a sequence number, and its
 * bytes. Nothing is copied but a payload that lies across chunks or packets, and nothing is kept but
 * the rest of the chunk at which the handler stopped (I8).
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
 */
export class PacketReader {
  readonly #handler: PayloadHandler
  readonly #maxBytes: number
  /** Chunks that arrived while stopped, the first one with its position. */
  readonly #chunks: Buffer[] = []
  #at = 0
  /** A payload in pieces: its beginning, how much of it is there, and how much of its packet is still to come. */
  #pieces: Buffer = Buffer.allocUnsafeSlow(usualBytes)
  #have = 0
  #toCome = 0
  /** Whether a payload in pieces has begun, and whether a packet follows the one that is read. */
  #begun = false
  #continues = false
  readonly #header = Buffer.alloc(headerBytes)
  #headerHave = 0
  #stopped = false

  constructor(handler: PayloadHandler, maxBytes: number) {
    this.#handler = handler
    this.#maxBytes = maxBytes
  }

  /** @returns false when the handler stopped: feed nothing more, and call `resume` when it has room */
  feed(chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    return this.#chunks.length > 1 ? false : this.resume()
  }

  /** Goes on with what was left. @returns false when the handler stopped again */
  resume(): boolean {
    for (;;) {
      const chunk = this.#chunks[0]
      if (chunk === undefined) return true
      if (!this.#read(chunk)) return false
      this.#chunks.shift()
      this.#at = 0
    }
  }

  #read(chunk: Buffer): boolean {
    const { length } = chunk
    let at = this.#at
    while (!this.#stopped) {
      if (!this.#begun && this.#headerHave === 0) {
        // Most payloads lie in one chunk as a whole.
        while (length - at >= headerBytes) {
          const bytes = chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16)
          const end = at + headerBytes + bytes
          if (end > length || bytes === fullPacket) break
          if (bytes > this.#maxBytes) {
            this.#refuse(bytes)
            return true
          }
          if (!this.#handler.payload(chunk, at + headerBytes, end)) {
            this.#at = at
            return false
          }
          at = end
        }
        if (at === length) break
      }
      this.#at = at = this.#gather(chunk, at)
      if (!this.#complete) break
      if (!this.#handler.payload(this.#pieces, 0, this.#have)) return false
      this.#begun = false
      this.#have = 0
      // A very large payload is over: give its memory back.
      if (this.#pieces.length > usualBytes) this.#pieces = Buffer.allocUnsafeSlow(usualBytes)
    }
    return true
  }

  get #complete(): boolean {
    return this.#begun && this.#headerHave === 0 && this.#toCome === 0 && !this.#continues
  }

  /** Takes what the chunk has of the payload in pieces. @returns where the chunk goes on */
  #gather(chunk: Buffer, from: number): number {
    let at = from
    while (at < chunk.length && !this.#complete) {
      if (this.#toCome === 0) {
        const taken = Math.min(headerBytes - this.#headerHave, chunk.length - at)
        chunk.copy(this.#header, this.#headerHave, at, at + taken)
        this.#headerHave += taken
        at += taken
        if (this.#headerHave < headerBytes) return at
        this.#headerHave = 0
        this.#begin(this.#header.readUIntLE(0, 3))
        if (this.#stopped) return chunk.length
      }
      const taken = Math.min(this.#toCome, chunk.length - at)
      chunk.copy(this.#pieces, this.#have, at, at + taken)
      this.#have += taken
      this.#toCome -= taken
      at += taken
    }
    return at
  }

  #begin(bytes: number): void {
    this.#begun = true
    this.#continues = bytes === fullPacket
    this.#toCome = bytes
    const needed = this.#have + bytes
    if (needed > this.#maxBytes) this.#refuse(needed)
    else if (needed > this.#pieces.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, needed + (this.#continues ? needed : 0)))
      this.#pieces.copy(larger, 0, 0, this.#have)
      this.#pieces = larger
    }
  }

  #refuse(bytes: number): void {
    this.#stopped = true
    this.#handler.tooLong(bytes)
  }
}
