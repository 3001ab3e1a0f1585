/**
 * PostgreSQL's numeric from its binary form to exact text, as `numeric_out` writes it. The binary form
 * is a sequence of 16-bit integers: number of digits, weight of the first, sign, scale, digits to the
 * base of 10,000.
 * @see numeric_send and get_str_from_var of PostgreSQL
 */

const negative = 0x4000
const notANumber = 0xc000
const infinity = 0xd000
const minusInfinity = 0xf000

/** Four decimal digits of every digit to the base of 10,000. */
const digits = Buffer.from(
  Array.from({ length: 10_000 }, (_, value) => String(value).padStart(4, '0')).join(''),
  'latin1',
)

/** Room that the text may take at most. */
export function numericTextBound(bytes: Buffer, at: number): number {
  const weight = bytes.readInt16BE(at + 2)
  return 4 * Math.max(1, weight + 1) + bytes.readUInt16BE(at + 6) + 12
}

/** Writes the number at `at` as text to `to`, where there is room for it. @returns where the text ends */
export function writeNumericText(bytes: Buffer, at: number, out: Buffer, to: number): number {
  const count = (bytes[at]! << 8) | bytes[at + 1]!
  const weight = ((bytes[at + 2]! << 24) >> 16) | bytes[at + 3]!
  const sign = (bytes[at + 4]! << 8) | bytes[at + 5]!
  const scale = (bytes[at + 6]! << 8) | bytes[at + 7]!
  if (sign >= notANumber) return to + out.write(special(sign), to, 'latin1')

  let o = to
  if (sign === negative) out[o++] = 0x2d
  const first = at + 8
  if (weight < 0) out[o++] = 0x30
  for (let place = 0; place <= weight; place += 1) {
    const digit = place < count ? digitAt(bytes, first, place) : 0
    let from = 4 * digit
    const end = from + 4
    // No zeros in front.
    if (place === 0) from += digit >= 1000 ? 0 : digit >= 100 ? 1 : digit >= 10 ? 2 : 3
    while (from < end) out[o++] = digits[from++]!
  }
  if (scale === 0) return o

  out[o++] = 0x2e
  const end = o + scale
  for (let place = weight + 1; o < end; place += 1) {
    const digit = place >= 0 && place < count ? digitAt(bytes, first, place) : 0
    for (let from = 4 * digit, left = Math.min(4, end - o); left > 0; left -= 1) out[o++] = digits[from++]!
  }
  return o
}

function digitAt(bytes: Buffer, first: number, place: number): number {
  return (bytes[first + 2 * place]! << 8) | bytes[first + 2 * place + 1]!
}

function special(sign: number): string {
  if (sign === infinity) return 'Infinity'
  return sign === minusInfinity ? '-Infinity' : 'NaN'
}
