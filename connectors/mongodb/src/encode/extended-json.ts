import {
  broken,
  bsonType,
  endOfName,
  endOfValue,
  readDouble,
  readInt32,
  readInt64,
  readInt64AsNumber,
} from '../bson/elements.ts'
import type { ByteBuffer } from './byte-buffer.ts'
import { isoText, isPlainYear } from './date-text.ts'
import { writeJsonText } from './json-text.ts'
import { decimal128Text, doubleText, int64Text, isSafeInt64 } from './number-text.ts'

/** Deeper than any server keeps documents (100 levels). */
const maxDepth = 200

/**
 * Writes BSON as MongoDB Extended JSON v2, from bytes to bytes, without blanks or line breaks.
 * @see https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md
 */
export class ExtendedJson {
  readonly #canonical: boolean

  constructor(style: 'relaxed' | 'canonical') {
    this.#canonical = style === 'canonical'
  }

  /** Appends a document or the value of an array element of that type. @returns where it ends in `bytes` */
  document(out: ByteBuffer, bytes: Uint8Array, at: number, depth = 0): number {
    const end = endOfValue(bytes, bsonType.document, at)
    if (depth > maxDepth) throw broken()
    let position = at + 4
    let separator = 0x7b
    while (position < end - 1) {
      const type = bytes[position]!
      const nameEnd = endOfName(bytes, position + 1)
      out.byte(separator)
      separator = 0x2c
      writeJsonText(out, bytes, position + 1, nameEnd)
      out.byte(0x3a)
      position = this.value(out, bytes, type, nameEnd + 1, depth)
    }
    if (separator === 0x7b) out.byte(0x7b)
    out.byte(0x7d)
    return end
  }

  /** Appends a value. @returns where it ends in `bytes` */
  value(out: ByteBuffer, bytes: Uint8Array, type: number, at: number, depth = 0): number {
    const end = endOfValue(bytes, type, at)
    switch (type) {
      case bsonType.string:
        writeJsonText(out, bytes, at + 4, end - 1)
        return end
      case bsonType.int32:
        this.#integer(out, '{"$numberInt":"', readInt32(bytes, at))
        return end
      case bsonType.int64:
        if (isSafeInt64(bytes, at)) this.#integer(out, '{"$numberLong":"', readInt64AsNumber(bytes, at))
        else this.#number(out, '{"$numberLong":"', int64Text(bytes, at))
        return end
      case bsonType.double:
        this.#double(out, readDouble(bytes, at))
        return end
      case bsonType.document:
        return this.document(out, bytes, at, depth + 1)
      case bsonType.array:
        return this.#array(out, bytes, at, end, depth + 1)
      case bsonType.boolean:
        out.ascii(bytes[at] === 0 ? 'false' : 'true')
        return end
      case bsonType.null:
        out.ascii('null')
        return end
      case bsonType.objectId:
        out.ascii('{"$oid":"')
        out.hex(bytes, at, end)
        out.ascii('"}')
        return end
      case bsonType.date:
        this.#date(out, bytes, at)
        return end
      case bsonType.decimal128:
        out.ascii(`{"$numberDecimal":"${decimal128Text(bytes, at)}"}`)
        return end
      case bsonType.binary:
        writeBinary(out, bytes, at, end)
        return end
      default:
        this.#rare(out, bytes, type, at, end, depth)
        return end
    }
  }

  #array(out: ByteBuffer, bytes: Uint8Array, at: number, end: number, depth: number): number {
    if (depth > maxDepth) throw broken()
    let position = at + 4
    let separator = 0x5b
    while (position < end - 1) {
      const type = bytes[position]!
      const nameEnd = endOfName(bytes, position + 1)
      out.byte(separator)
      separator = 0x2c
      position = this.value(out, bytes, type, nameEnd + 1, depth)
    }
    if (separator === 0x5b) out.byte(0x5b)
    out.byte(0x5d)
    return end
  }

  #integer(out: ByteBuffer, key: string, value: number): void {
    if (!this.#canonical) return out.integer(value)
    out.ascii(key)
    out.integer(value)
    out.ascii('"}')
  }

  #number(out: ByteBuffer, key: string, digits: string): void {
    if (!this.#canonical) return out.ascii(digits)
    out.ascii(key)
    out.ascii(digits)
    out.ascii('"}')
  }

  #double(out: ByteBuffer, value: number): void {
    const text = doubleText(value)
    if (!this.#canonical && Number.isFinite(value)) out.ascii(text)
    else out.ascii(`{"$numberDouble":"${text}"}`)
  }

  #date(out: ByteBuffer, bytes: Uint8Array, at: number): void {
    const ms = readInt64AsNumber(bytes, at)
    if (!this.#canonical && isPlainYear(ms)) out.ascii(`{"$date":"${isoText(ms)}"}`)
    else out.ascii(`{"$date":{"$numberLong":"${readInt64(bytes, at)}"}}`)
  }

  #rare(out: ByteBuffer, bytes: Uint8Array, type: number, at: number, end: number, depth: number): void {
    switch (type) {
      case bsonType.timestamp:
        return out.ascii(
          `{"$timestamp":{"t":${readInt32(bytes, at + 4) >>> 0},"i":${readInt32(bytes, at) >>> 0}}}`,
        )
      case bsonType.regex:
        return writeRegularExpression(out, bytes, at, end)
      case bsonType.minKey:
        return out.ascii('{"$minKey":1}')
      case bsonType.maxKey:
        return out.ascii('{"$maxKey":1}')
      case bsonType.undefined:
        return out.ascii('{"$undefined":true}')
      case bsonType.symbol:
        return textMember(out, '{"$symbol":', bytes, at + 4, end - 1, '}')
      case bsonType.code:
        return textMember(out, '{"$code":', bytes, at + 4, end - 1, '}')
      case bsonType.codeWithScope: {
        const codeEnd = endOfValue(bytes, bsonType.code, at + 4)
        textMember(out, '{"$code":', bytes, at + 8, codeEnd - 1, ',"$scope":')
        this.document(out, bytes, codeEnd, depth + 1)
        return out.byte(0x7d)
      }
      case bsonType.dbPointer: {
        const id = end - 12
        textMember(out, '{"$dbPointer":{"$ref":', bytes, at + 4, id - 1, ',"$id":{"$oid":"')
        out.hex(bytes, id, end)
        return out.ascii('"}}}')
      }
      default:
        throw broken()
    }
  }
}

function textMember(
  out: ByteBuffer,
  before: string,
  bytes: Uint8Array,
  from: number,
  to: number,
  after: string,
): void {
  out.ascii(before)
  writeJsonText(out, bytes, from, to)
  out.ascii(after)
}

/** Where the content of a binary value begins; the old subtype 2 repeats its length. */
export function binaryStart(bytes: Uint8Array, at: number, end: number): number {
  return bytes[at + 4] === 2 && end - at >= 9 ? at + 9 : at + 5
}

function writeBinary(out: ByteBuffer, bytes: Uint8Array, at: number, end: number): void {
  out.ascii('{"$binary":{"base64":"')
  const start = binaryStart(bytes, at, end)
  out.ascii(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('base64'))
  out.ascii(`","subType":"${bytes[at + 4]!.toString(16).padStart(2, '0')}"}}`)
}

function writeRegularExpression(out: ByteBuffer, bytes: Uint8Array, at: number, end: number): void {
  const patternEnd = endOfName(bytes, at)
  textMember(out, '{"$regularExpression":{"pattern":', bytes, at, patternEnd, ',"options":')
  // in alphabetical order, as the specification has them
  writeJsonText(out, bytes.slice(patternEnd + 1, end - 1).sort(), 0, end - patternEnd - 2)
  out.ascii('}}')
}
