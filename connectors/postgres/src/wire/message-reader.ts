import { backend } from './backend.ts'

export interface MessageHandler {
  /** A whole message that is not CopyData. `body` may be used during the call only. */
  message(type: number, body: Buffer): void
  /**
   * The content of a CopyData message, in `bytes` from `start` to `end`, during the call only.
   * @returns false to be offered it again at the next `resume`: the reader then stops in front of it
   */
  copyData(bytes: Buffer, start: number, end: number): boolean
  /** A message is longer than its limit; nothing more will be read. */
  tooLong(type: number, bytes: number): void
}

const headerBytes = 5
/** Descriptions of columns, errors, rows of our own small queries: longer ones are no answer to us (I8). */
const otherBytes = 64 * 1024 * 1024
/** Large enough for what a chunk of the socket usually leaves over; larger messages get a buffer of their own. */
const usualBytes = 64 * 1024

/**
 * Cuts what arrives into messages. Nothing is copied but a message that lies across chunks, and
 * nothing is kept but the rest of the chunk at which the handler stopped (I8).
 */
export class MessageReader {
  readonly #handler: MessageHandler
  readonly #maxRowBytes: number
  /** Chunks that arrived while stopped, the first one with its position. */
  readonly #chunks: Buffer[] = []
  #at = 0
  /** A message that lies across chunks: its beginning, and how much of it is there. */
  #partial: Buffer = Buffer.allocUnsafeSlow(usualBytes)
  #have = 0

  /** @param maxRowBytes  longest CopyData taken */
  constructor(handler: MessageHandler, maxRowBytes: number) {
    this.#handler = handler
    this.#maxRowBytes = maxRowBytes
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
    while (at < length || this.#have > 0) {
      if (this.#have > 0) {
        at = this.#complete(chunk, at)
        this.#at = at
        const bytes = this.#partialBytes()
        if (bytes === undefined || this.#have < bytes) return true
        if (!this.#dispatch(this.#partial, 0, bytes)) return false
        this.#have = 0
        // A very large message is over: give its memory back.
        if (this.#partial.length > usualBytes) this.#partial = Buffer.allocUnsafeSlow(usualBytes)
        continue
      }
      const bytes = length - at < headerBytes ? undefined : chunk.readUInt32BE(at + 1) + 1
      if (bytes === undefined || at + bytes > length) {
        at = this.#begin(chunk, at, bytes)
        this.#at = at
        return true
      }
      if (!this.#dispatch(chunk, at, at + bytes)) {
        this.#at = at
        return false
      }
      at += bytes
    }
    this.#at = at
    return true
  }

  #dispatch(bytes: Buffer, start: number, end: number): boolean {
    const type = bytes[start] ?? 0
    if (type === backend.copyData) {
      if (end - start - headerBytes <= this.#maxRowBytes)
        return this.#handler.copyData(bytes, start + headerBytes, end)
      this.#handler.tooLong(type, end - start - headerBytes)
      return true
    }
    this.#handler.message(type, bytes.subarray(start + headerBytes, end))
    return true
  }

  #begin(chunk: Buffer, at: number, bytes: number | undefined): number {
    this.#reserve(chunk[at] ?? 0, bytes ?? headerBytes)
    this.#have = chunk.copy(this.#partial, 0, at)
    return chunk.length
  }

  /** Adds to the partial message what the chunk has of it. @returns where the chunk goes on */
  #complete(chunk: Buffer, from: number): number {
    let at = from
    if (this.#have < headerBytes) {
      const taken = chunk.copy(this.#partial, this.#have, at, at + headerBytes - this.#have)
      this.#have += taken
      at += taken
    }
    const bytes = this.#partialBytes()
    if (bytes === undefined) return at
    this.#reserve(this.#partial[0] ?? 0, bytes)
    const taken = chunk.copy(this.#partial, this.#have, at, at + bytes - this.#have)
    this.#have += taken
    return at + taken
  }

  #partialBytes(): number | undefined {
    return this.#have < headerBytes ? undefined : this.#partial.readUInt32BE(1) + 1
  }

  #reserve(type: number, bytes: number): void {
    if (bytes <= this.#partial.length) return
    const most = type === backend.copyData ? this.#maxRowBytes : otherBytes
    if (bytes - headerBytes > most) {
      this.#handler.tooLong(type, bytes - headerBytes)
      return
    }
    const larger = Buffer.allocUnsafeSlow(bytes)
    this.#partial.copy(larger, 0, 0, this.#have)
    this.#partial = larger
  }
}
