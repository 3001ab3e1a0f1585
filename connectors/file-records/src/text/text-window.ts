import { failure } from '../errors.ts'
import type { Decoder } from './decoder.ts'

/** A place in a file, for people: lines count from 1, bytes from 0. */
export interface Place {
  readonly line: number
  readonly byte: number
}

/**
 * The part of a text file that is looked at: whole characters as UTF-8, from the record that comes next to what
 * was read so far. It grows with the record, up to a limit (I8).
 */
export class TextWindow {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #decoder: Decoder
  readonly #maxBytes: number
  readonly #file: string
  #byteAtStart = 0
  #counted = 0
  #isAtEnd = false
  #isMarkCounted = false
  bytes: Buffer = Buffer.alloc(0)
  /** Where the record begins that comes next. */
  start = 0
  end = 0
  /** Line of `start`. */
  line = 1

  constructor(
    chunks: AsyncIterable<Uint8Array>,
    decoder: Decoder,
    { file, maxBytes }: { readonly file: string; readonly maxBytes: number },
  ) {
    this.#chunks = chunks[Symbol.asyncIterator]()
    this.#decoder = decoder
    this.#file = file
    this.#maxBytes = maxBytes
  }

  /** Whether everything up to the end of the file is in the window. */
  get isAtEnd(): boolean {
    return this.#isAtEnd
  }

  /**
   * Reads on, so that a record that did not fit is looked at with twice as many bytes: never more than a few times.
   * @throws `file-records-record-too-large`
   */
  async more(): Promise<void> {
    const held = this.end - this.start
    if (held > this.#maxBytes) {
      throw failure(
        'file-records-record-too-large',
        `The record of ${this.#file} at ${placeText(this.placeOf(this.start))} is larger than ${this.#maxBytes} bytes`,
        { path: 'query.format' },
      )
    }
    this.#count(this.start)
    const pieces = [this.bytes.subarray(this.start, this.end)]
    let length = held
    while (length <= 2 * held && !this.#isAtEnd) {
      const { value, done } = await this.#chunks.next()
      this.#isAtEnd = done === true
      const text = this.#decoder.decode(done === true ? Buffer.alloc(0) : asBuffer(value), this.#isAtEnd)
      pieces.push(text)
      length += text.length
    }
    if (!this.#isMarkCounted) {
      this.#isMarkCounted = true
      this.#byteAtStart = this.#decoder.markBytes
    }
    this.bytes = Buffer.concat(pieces)
    this.start = 0
    this.#counted = 0
    this.end = length
  }

  /** Goes on behind a record. */
  advance(to: number, lines: number): void {
    this.start = to
    this.line += lines
  }

  /** Where `at` stands in the file. Only for errors: it counts. */
  placeOf(at: number): Place {
    let line = this.line
    for (let index = this.start; index < at; index++) {
      const byte = this.bytes[index]
      if (byte === 0x0a || (byte === 0x0d && this.bytes[index + 1] !== 0x0a)) line++
    }
    return { line, byte: this.#byteAtStart + this.#decoder.width(this.bytes, this.#counted, at) }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  #count(to: number): void {
    this.#byteAtStart += this.#decoder.width(this.bytes, this.#counted, to)
    this.#counted = to
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function placeText({ line, byte }: Place): string {
  return `line ${line}, byte ${byte}`
}
