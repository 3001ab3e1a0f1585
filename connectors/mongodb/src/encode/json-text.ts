import { isUtf8 } from 'node:buffer'
import { mongodbError } from '../errors.ts'
import type { ByteBuffer } from './byte-buffer.ts'

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
] as const)
  escapes[byte.charCodeAt(0)] = letter.charCodeAt(0)

/** Texts up to so many bytes get room for the worst case at once; longer ones are counted first. */
const countedBytes = 4096

/**
 * Appends a JSON string, quotes included. All but quote, backslash and control characters stand as they are.
 * @throws BulkheadError `mongodb-text-invalid` when the bytes are not UTF-8
 */
export function writeJsonText(out: ByteBuffer, source: Uint8Array, from: number, to: number): void {
  out.reserve(2 + (to - from <= countedBytes ? 6 * (to - from) : escapedLength(source, from, to)))
  const { bytes } = out
  let at = out.length
  let seen = 0
  bytes[at++] = 0x22
  for (let index = from; index < to; index++) {
    const byte = source[index]!
    const letter = escapes[byte]!
    seen |= byte
    if (letter === 0) {
      bytes[at++] = byte
      continue
    }
    bytes[at++] = 0x5c
    bytes[at++] = letter
    if (letter !== 0x75) continue
    bytes[at++] = 0x30
    bytes[at++] = 0x30
    bytes[at++] = 0x30 + (byte >> 4)
    bytes[at++] = (byte & 15) < 10 ? 0x30 + (byte & 15) : 0x57 + (byte & 15)
  }
  bytes[at++] = 0x22
  if (seen >= 0x80) checkUtf8(source, from, to)
  out.length = at
}

/** The bytes of a text are passed on as they are, so that they must be what the file says they are. */
export function checkUtf8(source: Uint8Array, from: number, to: number): void {
  if (!isUtf8(source.subarray(from, to)))
    throw mongodbError('mongodb-text-invalid', 'A text of a document is not UTF-8')
}

function escapedLength(source: Uint8Array, from: number, to: number): number {
  let length = 0
  for (let index = from; index < to; index++) {
    const letter = escapes[source[index]!]!
    length += letter === 0 ? 1 : letter === 0x75 ? 6 : 2
  }
  return length
}
