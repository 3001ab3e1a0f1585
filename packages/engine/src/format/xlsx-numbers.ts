import { isJsonNumber } from './json-text.ts'

/**
 * Which values may become numbers and dates of Excel. Its numbers are doubles of which it shows fifteen
 * digits: what has more is kept as text, so that nobody sees other digits than those of the source.
 */

/** Whole numbers below this have at most fifteen digits. */
export const leastTextInteger = 1e15

/** Below this a double loses digits, and Excel takes it for zero. */
const leastFloat = 2 ** -1022

/** Whether a floating point number is one in Excel too. */
export function isSheetFloat(value: number): boolean {
  return Number.isFinite(value) && (value === 0 || Math.abs(value) >= leastFloat)
}

/** Most bytes of a decimal that is a number: zeros before and behind its digits included. */
const mostDecimalBytes = 40

/** Whether decimal text is plain digits, at most fifteen of them significant. */
export function isSheetDecimal(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > mostDecimalBytes || !isJsonNumber(bytes, from, to)) return false
  let significant = 0
  let zeros = 0
  let isFraction = false
  for (let index = from; index < to; index++) {
    const byte = bytes[index]!
    if (byte === 0x2e) {
      // Zeros before the point count, those at the end of a fraction do not.
      significant += zeros
      zeros = 0
      isFraction = true
    } else if (byte === 0x30) zeros += significant > 0 || zeros > 0 ? 1 : 0
    else if (byte > 0x30 && byte <= 0x39) {
      significant += zeros + 1
      zeros = 0
    } else if (byte !== 0x2d) return false // an exponent
  }
  return significant + (isFraction ? 0 : zeros) <= 15
}

const daysBefore1970 = 25_569
/** 1900-03-01. Excel has a day more before it, the 29th of February 1900, which never was; other programs have not. */
const firstSheetDay = -25_508
/** 9999-12-31. */
const lastSheetDay = 2_932_896

/** The number of a day in Excel; undefined when it has none that all programs agree upon. */
export function sheetDay(days: number): number | undefined {
  return days < firstSheetDay || days > lastSheetDay ? undefined : days + daysBefore1970
}

const microsPerDay = 86_400_000_000
/** 2079-06-05, in days of Excel: until then a double tells microseconds apart. */
const lastMicrosecondDay = 65_536

/**
 * The number of a moment in Excel, given in microseconds since 1970 as two halves; undefined when it has
 * none, or none from which the microsecond can be told.
 */
export function sheetMoment(low: number, high: number): number | undefined {
  // Before the year 1684, infinity included.
  if (high < -0x20_0000) return undefined
  let days: number
  let micros: number
  if (high < 0x20_0000) {
    const value = high * 0x1_0000_0000 + (low >>> 0)
    days = Math.floor(value / microsPerDay)
    micros = value - days * microsPerDay
  } else {
    const value = (BigInt(high) << 32n) | BigInt(low >>> 0)
    days = Number(value / BigInt(microsPerDay))
    micros = Number(value % BigInt(microsPerDay))
  }
  const day = sheetDay(days)
  if (day === undefined || (day >= lastMicrosecondDay && micros % 1000 !== 0)) return undefined
  return day + micros / microsPerDay
}
