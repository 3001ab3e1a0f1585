import type { ByteBuffer } from '../byte-buffer.ts'
import { endOfComment, endOfString, QUOTE, SLASH } from '../search/json-bytes.ts'

/**
 * Copies a document so that it is one line of JSON: line breaks and other control characters, which can
 * only stand between values, become spaces, and comments go. Values stay byte for byte.
 */
export function tidyDocument(bytes: Buffer, start: number, end: number, out: ByteBuffer): void {
  out.reserve(end - start)
  let at = start
  while (at < end) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      const next = endOfString(bytes, at, end)
      out.add(bytes, at, next)
      at = next
    } else if (byte === SLASH) {
      at = endOfComment(bytes, at, end)
      out.addByte(0x20)
    } else {
      out.addByte(byte < 0x20 ? 0x20 : byte)
      at++
    }
  }
}
