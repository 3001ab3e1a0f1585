import { writeAscii } from './integer-text.ts'

/**
 * Text inside XML of a workbook. What XML cannot hold, or would change, is written as `_xHHHH_`; text
 * that reads so by itself gets its first underscore written so.
 *
 * @see ISO/IEC 29500-1, ST_Xstring
 */

/** Most characters of a cell, counted in UTF-16 as Excel does. */
export const mostCellCharacters = 32_767
/** Longest UTF-8 that can have so few characters. */
export const mostCellBytes = 3 * mostCellCharacters

/** How a byte is written: undefined as it is. */
const replacements: readonly (string | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x26) return '&amp;'
  if (byte === 0x3c) return '&lt;'
  if (byte === 0x3e) return '&gt;'
  // Tab and line feed stand as they are; a reader of XML would make a line feed of a carriage return.
  if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a) return `_x${hex(byte)}_`
  return undefined
})

/** Bytes that need a look: those that are replaced, `_`, and the first of U+FFFE and U+FFFF. */
const special = Uint8Array.from({ length: 256 }, (_, byte) =>
  replacements[byte] !== undefined || byte === 0x5f || byte === 0xef ? 1 : 0,
)

/** Most bytes that one byte may become. */
export const mostEscapedBytes = 7

/** Appends text. @returns the position after it */
export function writeXmlText(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  let end = at
  for (let index = from; index < to; index++) {
    const byte = bytes[index]!
    if (special[byte] === 0) {
      out[end++] = byte
      continue
    }
    const replacement = replacements[byte] ?? rareReplacement(bytes, index, to)
    if (replacement === undefined) out[end++] = byte
    else end = writeAscii(out, end, replacement)
    if (replacement !== undefined && byte === 0xef) index += 2
  }
  return end
}

/** Bytes that `writeXmlText` appends. */
export function xmlTextLength(bytes: Uint8Array, from: number, to: number): number {
  let length = to - from
  for (let index = from; index < to; index++) {
    if (special[bytes[index]!] === 0) continue
    const replacement = replacements[bytes[index]!] ?? rareReplacement(bytes, index, to)
    if (replacement !== undefined) length += replacement.length - (bytes[index] === 0xef ? 3 : 1)
  }
  return length
}

/** Characters of UTF-8 as Excel counts them: those beyond 16 bits twice. */
export function characterCount(bytes: Uint8Array, from: number, to: number): number {
  let count = 0
  for (let index = from; index < to; index++) {
    const byte = bytes[index]!
    if ((byte & 0xc0) !== 0x80) count += byte >= 0xf0 ? 2 : 1
  }
  return count
}

/** What depends on the bytes that follow. */
function rareReplacement(bytes: Uint8Array, index: number, to: number): string | undefined {
  if (bytes[index] === 0x5f) return looksEscaped(bytes, index, to) ? '_x005F_' : undefined
  if (index + 2 >= to || bytes[index + 1] !== 0xbf || bytes[index + 2]! < 0xbe) return undefined
  return bytes[index + 2] === 0xbe ? '_xFFFE_' : '_xFFFF_'
}

/** Whether a reader would take this underscore and what follows, as it will be written, for an escape. */
function looksEscaped(bytes: Uint8Array, index: number, to: number): boolean {
  if (index + 6 >= to || bytes[index + 1] !== 0x78 || !isWrittenAsUnderscore(bytes, index + 6, to))
    return false
  for (let digit = index + 2; digit < index + 6; digit++) {
    const byte = bytes[digit]!
    if (!((byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66))) return false
  }
  return true
}

/** An underscore, or a character whose escape begins with one. */
function isWrittenAsUnderscore(bytes: Uint8Array, index: number, to: number): boolean {
  const byte = bytes[index]!
  if (byte === 0x5f) return true
  return (replacements[byte] ?? (byte === 0xef ? rareReplacement(bytes, index, to) : undefined))?.[0] === '_'
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(4, '0')
}
