import { postgresError } from '../errors.ts'
import type { Encoding } from '../query/server-type.ts'

/**
 * Writes rows that COPY sends as text as lines of JSON, byte by byte and without a string per value:
 * what `row_to_json` writes, with the line breaks between the tokens of JSON values as spaces.
 *
 * COPY text separates values by tabs, ends rows by a line feed, writes null as `\N`, and puts a
 * backslash before `b f n r t v` for control characters and before a backslash: all of these but `\v`
 * are what JSON strings want, so that most values are copied as they are.
 * @see https://www.postgresql.org/docs/current/sql-copy.html, section "Text Format"
 */
export class JsonlRow {
  readonly #keys: readonly Uint8Array[]
  readonly #ways: Uint8Array
  /** Bytes that every row takes besides its values. */
  readonly #around: number

  constructor(columns: readonly { readonly name: string; readonly encoding: Encoding }[]) {
    this.#keys = columns.map(({ name }, index) =>
      Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`, 'utf8'),
    )
    this.#ways = Uint8Array.from(columns, ({ encoding }) => wayOf(encoding))
    // Besides its key a value takes at most 8 bytes more than COPY's: quotes, `null`, `false`, `:00`.
    this.#around = this.#keys.reduce((sum, key) => sum + key.length + 8, 4)
  }

  /** Room that a row may take at most. */
  bound(bytes: Buffer, start: number, end: number): number {
    if (end - start < countedBytes) return this.#around + 6 * (end - start)
    // Six times a very large row would be too much memory: count what grows.
    let growth = 0
    for (let at = start; at < end; at += 1) growth += growths[bytes[at] ?? 0] ?? 0
    return this.#around + end - start + growth
  }

  /** Writes the row in `bytes` from `start` to `end` at `to`, where `bound` has room. @returns where it ends */
  write(bytes: Buffer, start: number, end: number, out: Buffer, to: number): number {
    // Every loop below ends at a line feed; only a backslash hides the byte behind it.
    if (bytes[end - 1] !== lineFeed) throw malformed()
    const keys = this.#keys
    const ways = this.#ways
    let at = start
    let o = to
    for (let column = 0; column < ways.length; column += 1) {
      if (at >= end) throw malformed()
      const key = keys[column]!
      for (let k = 0; k < key.length; k += 1) out[o++] = key[k]!
      let byte = bytes[at]!
      if (byte === backslash && bytes[at + 1] === 0x4e) {
        out[o++] = 0x6e // null
        out[o++] = 0x75
        out[o++] = 0x6c
        out[o++] = 0x6c
        at += 3
        continue
      }
      switch (ways[column]!) {
        case asText: {
          out[o++] = quote
          for (;;) {
            if (special[byte] === 0) out[o++] = byte
            else if (byte === tab || byte === lineFeed) break
            else if (byte === backslash) {
              const letter = bytes[++at]!
              if (at >= end - 1) throw malformed()
              if (letter === 0x76) o = writeUnicode(out, o, 0x0b)
              else {
                out[o++] = backslash
                out[o++] = letter
              }
            } else if (byte === quote) {
              out[o++] = backslash
              out[o++] = quote
            } else o = writeUnicode(out, o, byte)
            byte = bytes[++at]!
          }
          out[o++] = quote
          break
        }
        case asIs:
          while (byte > lineFeed) {
            out[o++] = byte
            byte = bytes[++at]!
          }
          break
        case asNumber: {
          // NaN, Infinity and -Infinity are no JSON numbers.
          const quoted = byte >= 0x3a || (byte === 0x2d && bytes[at + 1]! >= 0x3a)
          if (quoted) out[o++] = quote
          while (byte > lineFeed) {
            out[o++] = byte
            byte = bytes[++at]!
          }
          if (quoted) out[o++] = quote
          break
        }
        case asBoolean:
          if (byte === 0x74) {
            out[o++] = 0x74 // true
            out[o++] = 0x72
            out[o++] = 0x75
          } else {
            out[o++] = 0x66 // false
            out[o++] = 0x61
            out[o++] = 0x6c
            out[o++] = 0x73
          }
          out[o++] = 0x65
          at += 1
          break
        case asMoment: {
          out[o++] = quote
          // The first blank is between date and time; one before BC stays.
          while (byte > space) {
            out[o++] = byte
            byte = bytes[++at]!
          }
          if (byte === space) {
            out[o++] = 0x54
            byte = bytes[++at]!
            let zone = 0
            while (byte > space) {
              if (byte === 0x2b || byte === 0x2d) zone = o
              out[o++] = byte
              byte = bytes[++at]!
            }
            // `+01` is `+01:00` in JSON.
            if (zone > 0 && o - zone === 3) {
              out[o++] = 0x3a
              out[o++] = 0x30
              out[o++] = 0x30
            }
            while (byte > lineFeed) {
              out[o++] = byte
              byte = bytes[++at]!
            }
          }
          out[o++] = quote
          break
        }
        default: // as JSON
          while (byte !== tab && byte !== lineFeed) {
            if (byte === backslash) {
              const letter = bytes[++at]!
              if (at >= end - 1) throw malformed()
              out[o++] = letter === 0x5c ? backslash : letter === 0x74 ? tab : space
            } else out[o++] = byte
            byte = bytes[++at]!
          }
      }
      at += 1
    }
    if (ways.length === 0) {
      out[o++] = 0x7b
      at += 1
    }
    if (at !== end) throw malformed()
    out[o++] = 0x7d
    out[o++] = lineFeed
    return o
  }
}

/** Ways of writing a value. */
const asText = 0
const asIs = 1
const asNumber = 2
const asBoolean = 3
const asMoment = 4
const asJson = 5

const tab = 0x09
const lineFeed = 0x0a
const space = 0x20
const quote = 0x22
const backslash = 0x5c

/** 1 for bytes of COPY text that do not stand as they are in a JSON string, or end the value. */
const special = new Uint8Array(256)
special.fill(1, 0, space)
special[quote] = special[backslash] = 1

/** By how much a byte of COPY text may grow in a JSON string. */
const growths = new Uint8Array(256)
growths.fill(5, 0, space)
growths[quote] = 1
growths[backslash] = 4

const countedBytes = 16 * 1024

function wayOf(encoding: Encoding): number {
  switch (encoding) {
    case 'int2':
    case 'int4':
    case 'int8':
      return asIs
    case 'float4':
    case 'float8':
    case 'numeric':
      return asNumber
    case 'boolean':
      return asBoolean
    case 'timestamp':
    case 'timestamptz':
      return asMoment
    case 'json':
    case 'jsonb':
    case 'nested':
      return asJson
    case 'date':
    case 'bytea':
    case 'uuid':
    case 'plainText':
    case 'text':
      return asText
    default:
      return encoding satisfies never
  }
}

function malformed(): Error {
  return postgresError('postgres-protocol', 'A row of the server does not have the columns that it described')
}

function writeUnicode(out: Buffer, to: number, byte: number): number {
  out.write(`\\u00${byte.toString(16).padStart(2, '0')}`, to, 'latin1')
  return to + 6
}
