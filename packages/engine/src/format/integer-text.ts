/** Integers as decimal digits, written into a buffer: a file has millions of them. */

/** Room that any integer of this file may use at most. */
export const integerWidth = 20

/** Appends an integer of at most 53 bits. @returns the position after it */
export function writeInteger(out: Uint8Array, at: number, value: number): number {
  if (value < 0) {
    out[at] = 0x2d
    return writeInteger(out, at + 1, -value)
  }
  if (value < 0x4000_0000) return writeSmall(out, at, value | 0)
  const high = Math.floor(value / 1_000_000_000)
  const end = writeInteger(out, at, high)
  return writeNine(out, end, value - high * 1_000_000_000)
}

/**
 * Appends an integer of 64 bits, given as two halves: reading a `BigInt64Array` through an
 * `Int32Array` saves a BigInt a value.
 *
 * @param low       lower 32 bits, signed or not
 * @param high      upper 32 bits, signed
 * @param unsigned  whether the 64 bits have no sign
 */
export function writeInteger64(
  out: Uint8Array,
  at: number,
  low: number,
  high: number,
  unsigned: boolean,
): number {
  const upper = unsigned ? high >>> 0 : high
  if (upper >= -0x20_0000 && upper < 0x20_0000) {
    return writeInteger(out, at, upper * 0x1_0000_0000 + (low >>> 0))
  }
  return writeAscii(out, at, String((BigInt(upper) << 32n) | BigInt(low >>> 0)))
}

/** Appends text that is known to be ASCII. */
export function writeAscii(out: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) out[at + index] = text.charCodeAt(index)
  return at + text.length
}

function writeSmall(out: Uint8Array, at: number, value: number): number {
  const digits =
    value < 100_000
      ? value < 100
        ? value < 10
          ? 1
          : 2
        : value < 1000
          ? 3
          : value < 10_000
            ? 4
            : 5
      : value < 10_000_000
        ? value < 1_000_000
          ? 6
          : 7
        : value < 100_000_000
          ? 8
          : value < 1_000_000_000
            ? 9
            : 10
  let rest = value
  for (let index = at + digits - 1; index > at; index--) {
    const tenth = (rest / 10) | 0
    out[index] = 0x30 + (rest - tenth * 10)
    rest = tenth
  }
  out[at] = 0x30 + rest
  return at + digits
}

function writeNine(out: Uint8Array, at: number, value: number): number {
  let rest = value | 0
  for (let index = at + 8; index >= at; index--) {
    const tenth = (rest / 10) | 0
    out[index] = 0x30 + (rest - tenth * 10)
    rest = tenth
  }
  return at + 9
}
