/** The primitive types of Avro as bytes, written into a buffer: a file has millions of them. */

/** Room that an integer may use at most. */
export const longWidth = 10

/** Appends an integer of 32 bits, signed or not: zigzag, seven bits a byte. @returns the position after it */
export function writeInt(out: Uint8Array, at: number, value: number): number {
  // Not by shifts: doubled, a value may need 33 bits.
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  let end = at
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out[end++] = (rest % 128) | 0x80
  out[end] = rest
  return end + 1
}

/**
 * Appends an integer of 64 bits, given as two halves: reading a `BigInt64Array` through an `Int32Array`
 * saves a BigInt a value.
 */
export function writeLong(out: Uint8Array, at: number, low: number, high: number): number {
  const sign = high >> 31
  let lower = (low << 1) ^ sign
  let upper = ((high << 1) | (low >>> 31)) ^ sign
  let end = at
  while (upper !== 0 || lower >>> 0 > 0x7f) {
    out[end++] = (lower & 0x7f) | 0x80
    lower = (lower >>> 7) | (upper << 25)
    upper >>>= 7
  }
  out[end] = lower
  return end + 1
}

/** Appends bytes with their length before them: `bytes` and `string`. */
export function writeLengthAnd(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  let end = writeInt(out, at, to - from)
  // Texts are mostly short, for which a call costs more than a loop.
  if (to - from > 64) {
    out.set(bytes.subarray(from, to), end)
    return end + to - from
  }
  for (let index = from; index < to; index++) out[end++] = bytes[index]!
  return end
}

/** Appends an integer of 128 bits, given as four words, as the bytes of a decimal: big-endian, as few as hold the sign. */
export function writeWords(out: Uint8Array, at: number, words: Uint32Array): number {
  const filler = words[3]! >>> 31 === 1 ? 0xff : 0
  let most = 15
  // A byte that only repeats the sign is left out, while the next one has the sign too.
  while (most > 0 && byteOf(words, most) === filler && byteOf(words, most - 1) >> 7 === (filler & 1)) most--
  let end = writeInt(out, at, most + 1)
  for (let index = most; index >= 0; index--) out[end++] = byteOf(words, index)
  return end
}

function byteOf(words: Uint32Array, index: number): number {
  return (words[index >> 2]! >>> (8 * (index & 3))) & 0xff
}
