import { Decimal128 } from 'mongodb'
import { readInt32, readInt64, readInt64AsNumber } from '../bson/elements.ts'

/**
 * Numbers as text. `String(number)` is nowhere here: V8 keeps each such text in a table for the next time,
 * which keeps tens of megabytes alive in a long read.
 */

/** The digits of a 64-bit integer. */
export function int64Text(bytes: Uint8Array, at: number): string {
  return isSafeInt64(bytes, at) ? readInt64AsNumber(bytes, at).toFixed(0) : readInt64(bytes, at).toString()
}

/** Whether a double keeps it: 2^53 has 21 bits above the lower 32. */
export function isSafeInt64(bytes: Uint8Array, at: number): boolean {
  const high = readInt32(bytes, at + 4)
  return high >= -0x20_0000 && high < 0x20_0000
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
  const digits = readInt64AsNumber(bytes, at).toFixed(0)
  if (exponent > 0 || digits.length + exponent < -5) return undefined
  const sign = top < 0 ? '-' : ''
  if (exponent === 0) return sign + digits
  const padded = digits.padStart(1 - exponent, '0')
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`
}

/**
 * Shortest text that is the same double, as JavaScript writes it; always with a point or an exponent: `1.0`, `-0.0`,
 * `1e+300`, `NaN`.
 */
export function doubleText(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0.0' : `${value.toFixed(0)}.0`
  if (Number.isNaN(value)) return 'NaN'
  const sign = value < 0 ? '-' : ''
  if (!Number.isFinite(value)) return `${sign}Infinity`
  const text = Math.abs(value).toExponential()
  const mark = text.indexOf('e')
  const exponent = Number(text.slice(mark + 1))
  if (exponent < -6 || exponent >= 21) return sign + text
  const digits = text.slice(0, 1) + text.slice(2, mark)
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  if (digits.length <= exponent + 1) return `${sign}${digits.padEnd(exponent + 1, '0')}.0`
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`
}

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

export function isJsonNumber(text: string): boolean {
  return jsonNumber.test(text)
}
