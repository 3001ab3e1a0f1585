import { isUtf8 } from 'node:buffer'
import iconv from 'iconv-lite'
import { failure } from '../errors.ts'
import { ebcdicTable } from './ebcdic.ts'
import type { Encoding } from './encodings.ts'

/** Turns the bytes of a file into UTF-8, and knows how many bytes of the file a piece of it was. */
export interface Decoder {
  /**
   * @returns  UTF-8 of the whole characters so far, without byte order mark; may share memory with `chunk`
   * @throws   `file-records-undecodable` with the position in the file
   */
  decode(chunk: Buffer, isLast: boolean): Buffer
  /** Bytes that stood in the file for `utf8` from `start` to `end`. */
  width(utf8: Buffer, start: number, end: number): number
  /** Bytes of the byte order mark, which are in front of the first character. */
  readonly markBytes: number
}

export interface DecoderOptions {
  readonly encoding: Encoding
  /** What happens to bytes that mean nothing: an error, or U+FFFD in their place. */
  readonly invalidBytes: 'error' | 'replace'
  /** Name of the file, for errors. */
  readonly file: string
}

export function createDecoder(options: DecoderOptions): Decoder {
  if (options.encoding === 'utf-8') return new Utf8Decoder(options)
  if (options.encoding.startsWith('utf-16')) return new Utf16Decoder(options)
  return new SingleByteDecoder(options)
}

function undecodable({ file, encoding }: DecoderOptions, byte: number, fix?: string): Error {
  return failure('file-records-undecodable', `Byte ${byte} of ${file} is not valid ${encoding}`, {
    path: 'query.format.encoding',
    ...(fix === undefined ? {} : { fix }),
  })
}

const nothing: Buffer = Buffer.alloc(0)

class Utf8Decoder implements Decoder {
  readonly #options: DecoderOptions
  readonly #lenient = new TextDecoder('utf-8', { ignoreBOM: true })
  #carry = nothing
  #position = 0
  #isBegun = false
  markBytes = 0

  constructor(options: DecoderOptions) {
    this.#options = options
  }

  decode(chunk: Buffer, isLast: boolean): Buffer {
    let all = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk])
    if (!this.#isBegun && (all.length >= 3 || isLast)) {
      this.#isBegun = true
      if (all[0] === 0xef && all[1] === 0xbb && all[2] === 0xbf) {
        this.markBytes = 3
        this.#position = 3
        all = all.subarray(3)
      }
    } else if (!this.#isBegun) {
      this.#carry = Buffer.from(all)
      return nothing
    }
    const whole = isLast ? all.length : wholeCharacters(all)
    this.#carry = whole === all.length ? nothing : Buffer.from(all.subarray(whole))
    const text = all.subarray(0, whole)
    if (isUtf8(text)) {
      this.#position += whole
      return text
    }
    if (this.#options.invalidBytes === 'replace') return Buffer.from(this.#lenient.decode(text), 'utf8')
    const at = this.#position + firstInvalid(text)
    const isUtf16 = this.#position === 0 && ((text[0] === 0xff && text[1] === 0xfe) || text[0] === 0xfe)
    throw undecodable(this.#options, at, isUtf16 ? 'Set `format.encoding: utf-16`' : undefined)
  }

  width(_utf8: Buffer, start: number, end: number): number {
    return end - start
  }
}

/** Where a character begins that the last bytes do not complete; the length, when they complete all. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) break
    if (byte < 0xc0) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return needed > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

/** Where the first character begins that is not valid. Only for errors: it looks at each character by itself. */
function firstInvalid(bytes: Buffer): number {
  let at = 0
  while (at < bytes.length) {
    const lead = bytes[at]!
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
    if (!isUtf8(bytes.subarray(at, at + length)) || at + length > bytes.length) return at
    at += length
  }
  return at
}

class Utf16Decoder implements Decoder {
  readonly #options: DecoderOptions
  #isBig: boolean | undefined
  #carry = nothing
  #position = 0
  markBytes = 0

  constructor(options: DecoderOptions) {
    this.#options = options
    if (options.encoding !== 'utf-16') this.#isBig = options.encoding === 'utf-16be'
  }

  decode(chunk: Buffer, isLast: boolean): Buffer {
    let all = Buffer.concat([this.#carry, chunk])
    this.#carry = nothing
    if (this.#position === 0) {
      if (all.length < 2 && !isLast) {
        this.#carry = all
        return nothing
      }
      all = all.subarray(this.#readMark(all))
    }
    // A character of two units stays together.
    let whole = all.length & ~1
    const last = whole >= 2 ? this.#unit(all, whole - 2) : 0
    if (!isLast && last >= 0xd800 && last < 0xdc00) whole -= 2
    this.#carry = Buffer.from(all.subarray(whole))
    const units = this.#isBig === true ? Buffer.from(all.subarray(0, whole)).swap16() : all.subarray(0, whole)
    let text = units.toString('utf16le')
    const isOdd = isLast && this.#carry.length > 0
    if (!text.isWellFormed() || isOdd) {
      if (this.#options.invalidBytes === 'error') {
        const unit = text.isWellFormed() ? text.length : loneSurrogate(text)
        throw undecodable(this.#options, this.#position + 2 * unit)
      }
      text = `${text.toWellFormed()}${isOdd ? '\ufffd' : ''}`
    }
    this.#position += whole
    return Buffer.from(text, 'utf8')
  }

  #readMark(bytes: Buffer): number {
    const mark = bytes.length < 2 ? 0 : bytes.readUInt16BE(0)
    const isBig = mark === 0xfeff ? true : mark === 0xfffe ? false : undefined
    if (isBig === undefined || (this.#isBig !== undefined && this.#isBig !== isBig)) {
      if (this.#isBig !== undefined || bytes.length === 0) return 0
      throw undecodable(this.#options, 0, 'It has no byte order mark: say utf-16le or utf-16be')
    }
    this.#isBig = isBig
    this.markBytes = 2
    this.#position = 2
    return 2
  }

  #unit(bytes: Buffer, at: number): number {
    return this.#isBig === true ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at)
  }

  width(utf8: Buffer, start: number, end: number): number {
    let units = 0
    for (let at = start; at < end; at++) {
      const byte = utf8[at]!
      if (byte >= 0xf0) units += 2
      else if ((byte & 0xc0) !== 0x80) units++
    }
    return 2 * units
  }
}

function loneSurrogate(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at)!
    if (code >= 0xd800 && code <= 0xdfff) return at
    if (code > 0xffff) at++
  }
  return text.length
}

const REPLACEMENT = 0xfffd

class SingleByteDecoder implements Decoder {
  readonly #options: DecoderOptions
  readonly #table: Uint16Array
  readonly markBytes = 0
  #position = 0

  constructor(options: DecoderOptions) {
    this.#options = options
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const text = ebcdicTable(options.encoding) ?? iconv.decode(every, options.encoding, { stripBOM: false })
    this.#table = Uint16Array.from(text, (char) => char.charCodeAt(0))
    if (this.#table.length !== 256) throw new Error(`${options.encoding} is no encoding of single bytes`)
  }

  decode(chunk: Buffer): Buffer {
    const units = new Uint16Array(chunk.length)
    for (let at = 0; at < chunk.length; at++) {
      const unit = this.#table[chunk[at]!]!
      if (unit === REPLACEMENT && this.#options.invalidBytes === 'error')
        throw undecodable(this.#options, this.#position + at)
      units[at] = unit
    }
    this.#position += chunk.length
    return Buffer.from(Buffer.from(units.buffer).toString('utf16le'), 'utf8')
  }

  width(utf8: Buffer, start: number, end: number): number {
    let characters = 0
    for (let at = start; at < end; at++) if ((utf8[at]! & 0xc0) !== 0x80) characters++
    return characters
  }
}
