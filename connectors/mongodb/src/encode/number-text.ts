import { Decimal128 } from 'mongodb'
import { readInt32, readInt64, readInt64AsNumber } from '../bson/elements.ts'

/** The digits of a 64-bit integer. */
export function int64Text(bytes: Uint8Array, at: number): string {
  const high = readInt32(bytes, at + 4)
  // 2^53 has 21 bits above the lower 32
  return high >= -0x20_0000 && high < 0x20_0000
    ? String(readInt64AsNumber(bytes, at))
    : String(readInt64(bytes, at))
}

const decimalBias = 6176

/** The exact text of a Decimal128, trailing zeros included: `1.10`, `1E+3`, `NaN`, `-Infinity`. */
export function decimal128Text(bytes: Uint8Array, at: number): string {
  return shortDecimalText(bytes, at) ?? new Decimal128(bytes.slice(at, at + 16)).toString()
}

/**
 * Amounts of money and the like: digits below 2^53, none or some of them behind the point. The driver's
 * way divides 128-bit numbers, for all of them.
 */
function shortDecimalText(bytes: Uint8Array, at: number): string | undefined {
  const top = readInt32(bytes, at + 12)
  const high = readInt32(bytes, at + 4)
  if ((top & 0x6000_0000) === 0x6000_0000 || (top & 0x1_ffff) !== 0 || readInt32(bytes, at + 8) !== 0)
    return undefined
  if (high < 0 || high >= 0x20_0000) return undefined
  const exponent = ((top >>> 17) & 0x3fff) - decimalBias
  const digits = String(readInt64AsNumber(bytes, at))
  if (exponent > 0 || digits.length + exponent < -5) return undefined
  const sign = top < 0 ? '-' : ''
  if (exponent === 0) return sign + digits
  const padded = digits.padStart(1 - exponent, '0')
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`
}

/** Shortest text that is the same double; always with a point or an exponent: `1.0`, `-0.0`, `1e+300`, `NaN`. */
export function doubleText(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text
}

/**
 * A double as in all other text of Bulkhead, which is that of PostgreSQL: shortest digits, an exponent
 * from 1e+15 on and below 0.0001.
 */
export function plainDoubleText(value: number): string {
  if (Object.is(value, -0)) return '-0'
  const size = Math.abs(value)
  if (value === 0 || !Number.isFinite(value) || (size >= 1e-4 && size < 1e15)) return String(value)
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  const sign = exponent.slice(0, 1)
  return `${digits}e${sign}${exponent.slice(1).padStart(2, '0')}`
}

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

export function isJsonNumber(text: string): boolean {
  return jsonNumber.test(text)
}
