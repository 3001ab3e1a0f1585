import type { LogicalType } from '@bulkhead/connector-sdk'

/**
 * Exact decimal text as integers of 128 bits, little-endian, the unit being the last digit of the scale.
 */

/** Digits in all and after the point of a decimal that fits into 128 bits. */
export interface DecimalBounds {
  readonly digits: number
  readonly after: number
}

/** Digits that 128 bits hold, whatever they are. */
const mostDigits = 38

/** How a decimal is kept as a number; undefined when it has no bounds, or larger ones: then it is kept as text. */
export function decimalBounds({
  precision,
  scale = 0,
}: LogicalType & { kind: 'decimal' }): DecimalBounds | undefined {
  if (precision === undefined) return undefined
  // PostgreSQL allows a scale outside 0..precision, files do not: enough digits for both.
  const after = Math.max(0, scale)
  const digits = Math.max(precision - Math.min(0, scale), after)
  return digits > mostDigits ? undefined : { digits, after }
}

/** Why a decimal cannot be kept. */
export type DecimalFault = 'special' | 'scale' | 'precision'

/** The reason as what a column "has" in some row. */
export function decimalFaultText(wrong: DecimalFault, { digits, after }: DecimalBounds): string {
  return {
    special: 'NaN, Infinity or no number',
    scale: `a value with more than ${after} digits after the point`,
    precision: `a value with more than ${digits} digits`,
  }[wrong]
}

/**
 * Writes a decimal as 128 bits.
 *
 * @param out        four words a value
 * @param precision  at most 38 digits in all
 * @param scale      digits after the point; a longer value fits when its further digits are zeros
 * @returns          what is wrong with it; undefined when it was written
 */
export function writeDecimal128(
  out: Uint32Array,
  index: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  precision: number,
  scale: number,
): DecimalFault | undefined {
  let at = from
  const negative = bytes[at] === 0x2d
  if (negative || bytes[at] === 0x2b) at++
  let value = 0
  let digits = 0
  let point = -1
  for (let position = at; position < to; position++) {
    const byte = bytes[position]!
    if (byte === 0x2e && point === -1) {
      point = position
      continue
    }
    if (byte < 0x30 || byte > 0x39) return writeUnusual(out, index, bytes, from, to, precision, scale)
    value = value * 10 + (byte - 0x30)
    digits++
  }
  if (digits === 0) return 'special'
  const fraction = point === -1 ? 0 : to - point - 1
  // Fifteen digits are exact in a double, also after the zeros that the scale adds.
  if (fraction > scale || digits + scale - fraction > 15) {
    return writeUnusual(out, index, bytes, from, to, precision, scale)
  }
  const unscaled = value * 10 ** (scale - fraction)
  if (unscaled >= 10 ** precision) return 'precision'
  writeSmall(out, index, unscaled, negative)
  return undefined
}

function writeSmall(out: Uint32Array, index: number, size: number, negative: boolean): void {
  const word = 4 * index
  const value = negative ? -size : size
  const high = Math.floor(value / 0x1_0000_0000)
  const sign = value < 0 ? 0xffff_ffff : 0
  out[word] = value - high * 0x1_0000_0000
  out[word + 1] = high
  out[word + 2] = sign
  out[word + 3] = sign
}

const decimalPattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,5}))?$/

/** Long values, exponents, and digits beyond the scale: by big integers. */
function writeUnusual(
  out: Uint32Array,
  index: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  precision: number,
  scale: number,
): DecimalFault | undefined {
  const match = decimalPattern.exec(
    Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1'),
  )
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match ?? []
  if (match === null || whole + fraction === '') return 'special'
  // digits x 10^-shift is the value in units of the scale.
  let digits = (whole + fraction).replace(/^0+(?=\d)/, '')
  const shift = fraction.length - Number(exponent) - scale
  if (shift > 0) {
    const lost = digits.slice(-shift)
    if (/[1-9]/.test(lost)) return 'scale'
    digits = digits.slice(0, -shift) || '0'
  } else if (digits !== '0') {
    if (digits.length - shift > precision) return 'precision'
    digits += '0'.repeat(-shift)
  }
  if (digits.length > precision && digits !== '0') return 'precision'
  const value = BigInt(sign + digits)
  for (let word = 0; word < 4; word++)
    out[4 * index + word] = Number((value >> BigInt(32 * word)) & 0xffff_ffffn)
  return undefined
}
