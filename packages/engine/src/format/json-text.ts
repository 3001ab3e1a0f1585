import { writeHex } from './value-text.ts'

/** The inside of JSON strings, and what is a JSON number, over bytes of UTF-8. */

/** What follows the backslash, by byte; 0 for bytes that stand as they are, `u` for the long form. */
const escapes = new Uint8Array(256)
escapes.fill(0x75, 0, 0x20)
for (const [byte, letter] of [
  ['\b', 'b'],
  ['\t', 't'],
  ['\n', 'n'],
  ['\f', 'f'],
  ['\r', 'r'],
  ['"', '"'],
  ['\\', '\\'],
] as const) {
  escapes[byte.charCodeAt(0)] = letter.charCodeAt(0)
}
/** Bytes that a byte takes inside a JSON string. */
export const escapedLength: Uint8Array = escapes.map((letter) => (letter === 0 ? 1 : letter === 0x75 ? 6 : 2))

/** Appends the inside of a JSON string. All but quote, backslash and control characters stand as they are. */
export function writeEscaped(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  let end = at
  for (let index = from; index < to; index++) {
    const byte = bytes[index]!
    const letter = escapes[byte]!
    if (letter === 0) {
      out[end++] = byte
      continue
    }
    out[end++] = 0x5c
    out[end++] = letter
    if (letter !== 0x75) continue
    out[end++] = 0x30
    out[end++] = 0x30
    end = writeHex(out, end, bytes, index, index + 1)
  }
  return end
}

/** `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`, as RFC 8259 has it. */
export function isJsonNumber(bytes: Uint8Array, from: number, to: number): boolean {
  let at = bytes[from] === 0x2d ? from + 1 : from
  const whole = at
  at = afterDigits(bytes, at, to)
  if (at === whole || (bytes[whole] === 0x30 && at > whole + 1)) return false
  if (at < to && bytes[at] === 0x2e) {
    const fraction = at + 1
    at = afterDigits(bytes, fraction, to)
    if (at === fraction) return false
  }
  if (at < to && (bytes[at]! | 0x20) === 0x65) {
    const digits = bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d ? at + 2 : at + 1
    at = afterDigits(bytes, digits, to)
    if (at === digits) return false
  }
  return at === to
}

function afterDigits(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++
  return at
}
