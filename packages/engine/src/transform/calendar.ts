import {
  INFINITE_DATE,
  INFINITE_TIMESTAMP,
  MINUS_INFINITE_DATE,
  MINUS_INFINITE_TIMESTAMP,
} from '@bulkhead/connector-sdk'

/**
 * Dates and timestamps as text, and back: PostgreSQL's ISO style, proleptic Gregorian calendar,
 * years before 1 with ` BC`, `infinity` and `-infinity`.
 * The writers append ASCII to a buffer, because a file has millions of them.
 */

/** How a moment reads: `2026-10-31 08:15:00+00` in CSV and for the application's code, `2026-10-31T08:15:00+00:00` in JSON. */
export type MomentStyle = 'sql' | 'json'

/** Room that `writeDate` may use at most. */
export const dateWidth = 16
/** Room that `writeTimestamp` may use at most. */
export const timestampWidth = 40

const microsPerDay = 86_400_000_000
/** 0001-01-01; every day before it is BC. */
const firstDayOfOurEra = -719_162
const infinity = 'infinity'
const minusInfinity = '-infinity'

/** Appends a date given in days since 1970-01-01. @returns the position after it */
export function writeDate(out: Uint8Array, at: number, days: number): number {
  if (days === INFINITE_DATE) return writeAscii(out, at, infinity)
  if (days === MINUS_INFINITE_DATE) return writeAscii(out, at, minusInfinity)
  const end = writeCivil(out, at, days)
  return days < firstDayOfOurEra ? writeAscii(out, end, ' BC') : end
}

/**
 * Appends a timestamp given in microseconds since 1970-01-01T00:00:00, as two halves: reading a
 * `BigInt64Array` through an `Int32Array` saves a BigInt a value.
 *
 * @param low   lower 32 bits, signed or not
 * @param high  upper 32 bits, signed
 */
export function writeTimestamp(
  out: Uint8Array,
  at: number,
  low: number,
  high: number,
  zoned: boolean,
  style: MomentStyle,
): number {
  if (high === 0x7fff_ffff && low >>> 0 === 0xffff_ffff) return writeAscii(out, at, infinity)
  if (high === -0x8000_0000 && low === 0) return writeAscii(out, at, minusInfinity)
  let days: number
  let micros: number
  if (high >= -0x20_0000 && high < 0x20_0000) {
    // Exact in a double: below 2^53 microseconds, the years 1684 to 2255.
    const value = high * 0x1_0000_0000 + (low >>> 0)
    days = Math.floor(value / microsPerDay)
    micros = value - days * microsPerDay
  } else {
    const value = (BigInt(high) << 32n) | BigInt(low >>> 0)
    const rest = value % BigInt(microsPerDay)
    micros = Number(rest < 0n ? rest + BigInt(microsPerDay) : rest)
    days = Number((value - BigInt(micros)) / BigInt(microsPerDay))
  }
  let end = writeCivil(out, at, days)
  out[end++] = style === 'json' ? 0x54 : 0x20
  end = writeClock(out, end, micros)
  if (zoned) end = writeAscii(out, end, style === 'json' ? '+00:00' : '+00')
  return days < firstDayOfOurEra ? writeAscii(out, end, ' BC') : end
}

/** A date as text, from days since 1970-01-01. */
export function dateText(days: number): string {
  return asciiText(scratch, writeDate(scratch, 0, days))
}

/** A timestamp as text, from microseconds since 1970-01-01T00:00:00. */
export function timestampText(micros: bigint, zoned: boolean): string {
  const low = Number(BigInt.asUintN(32, micros))
  const high = Number(BigInt.asIntN(32, micros >> 32n))
  return asciiText(scratch, writeTimestamp(scratch, 0, low, high, zoned, 'sql'))
}

const datePattern = /^(\d{4,7})-(\d\d)-(\d\d)( BC)?$/
const timestampPattern =
  /^(\d{4,7})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6})0*)?(Z|[+-]\d\d(?::?\d\d(?::\d\d)?)?)?( BC)?$/

/** Days since 1970-01-01 of a date as `dateText` writes it; undefined when it is none. */
export function parseDate(text: string): number | undefined {
  if (text === infinity) return INFINITE_DATE
  if (text === minusInfinity) return MINUS_INFINITE_DATE
  const match = datePattern.exec(text)
  if (match === null) return undefined
  const days = daysOf(Number(match[1]), Number(match[2]), Number(match[3]), match[4] !== undefined)
  return days === undefined || days >= INFINITE_DATE || days <= MINUS_INFINITE_DATE ? undefined : days
}

/**
 * Microseconds since 1970-01-01T00:00:00 of a timestamp as `timestampText` writes it; also with `T`,
 * and, when zoned, with `Z` or another offset. Undefined when it is none, or has no exact microseconds.
 */
export function parseTimestamp(text: string, zoned: boolean): bigint | undefined {
  if (text === infinity) return INFINITE_TIMESTAMP
  if (text === minusInfinity) return MINUS_INFINITE_TIMESTAMP
  const match = timestampPattern.exec(text)
  // A zoned value needs its zone, one without zone must have none: anything else would be a guess.
  if (match === null || (match[8] !== undefined) !== zoned) return undefined
  const days = daysOf(Number(match[1]), Number(match[2]), Number(match[3]), match[9] !== undefined)
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])]
  const offset = offsetSeconds(match[8] ?? 'Z')
  if (days === undefined || offset === undefined || hour > 23 || minute > 59 || second > 59) return undefined
  const seconds = hour * 3600 + minute * 60 + second - offset
  const micros =
    BigInt(days) * BigInt(microsPerDay) +
    BigInt(seconds) * 1_000_000n +
    BigInt((match[7] ?? '').padEnd(6, '0'))
  return micros >= INFINITE_TIMESTAMP || micros <= MINUS_INFINITE_TIMESTAMP ? undefined : micros
}

function offsetSeconds(zone: string): number | undefined {
  if (zone === 'Z') return 0
  const digits = zone.slice(1).replaceAll(':', '')
  const [hours, minutes, seconds] = [0, 2, 4].map((from) => Number(digits.slice(from, from + 2)))
  if (hours! > 15 || minutes! > 59 || seconds! > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours! * 3600 + minutes! * 60 + seconds!)
}

/** Days since 1970-01-01 of a calendar day; undefined when the calendar has no such day. */
function daysOf(year: number, month: number, day: number, beforeChrist: boolean): number | undefined {
  if (year < 1 || month < 1 || month > 12 || day < 1) return undefined
  const astronomical = beforeChrist ? 1 - year : year
  const leap = astronomical % 4 === 0 && (astronomical % 100 !== 0 || astronomical % 400 === 0)
  const length =
    month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  if (day > length) return undefined
  // Years begin in March here, so that the leap day is the last of its year; eras have 400 years.
  const shifted = month > 2 ? astronomical : astronomical - 1
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** Appends year, month and day; the year counted from 1 on either side of our era. */
function writeCivil(out: Uint8Array, at: number, days: number): number {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra =
    ((dayOfEra - ((dayOfEra / 1460) | 0) + ((dayOfEra / 36_524) | 0) - ((dayOfEra / 146_096) | 0)) / 365) | 0
  const dayOfYear = dayOfEra - (365 * yearOfEra + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0))
  const monthFromMarch = ((5 * dayOfYear + 2) / 153) | 0
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const astronomical = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const year = astronomical > 0 ? astronomical : 1 - astronomical
  let end = year < 10_000 ? writeTwo(out, writeTwo(out, at, (year / 100) | 0), year % 100) : 0
  if (year >= 10_000) end = writeAscii(out, at, String(year))
  out[end++] = 0x2d
  end = writeTwo(out, end, month)
  out[end++] = 0x2d
  return writeTwo(out, end, dayOfYear - (((153 * monthFromMarch + 2) / 5) | 0) + 1)
}

/** Appends the time of day, with as many digits of the second as it has. */
function writeClock(out: Uint8Array, at: number, micros: number): number {
  const seconds = (micros / 1_000_000) | 0
  let fraction = micros - seconds * 1_000_000
  let end = writeTwo(out, at, (seconds / 3600) | 0)
  out[end++] = 0x3a
  end = writeTwo(out, end, ((seconds / 60) | 0) % 60)
  out[end++] = 0x3a
  end = writeTwo(out, end, seconds % 60)
  if (fraction === 0) return end
  out[end++] = 0x2e
  let digits = 6
  for (; fraction % 10 === 0; digits--) fraction = (fraction / 10) | 0
  for (let index = digits - 1; index >= 0; index--) {
    out[end + index] = 0x30 + (fraction % 10)
    fraction = (fraction / 10) | 0
  }
  return end + digits
}

function writeTwo(out: Uint8Array, at: number, value: number): number {
  const tens = (value / 10) | 0
  out[at] = 0x30 + tens
  out[at + 1] = 0x30 + (value - tens * 10)
  return at + 2
}

function writeAscii(out: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) out[at + index] = text.charCodeAt(index)
  return at + text.length
}

const scratch = new Uint8Array(timestampWidth)
function asciiText(bytes: Uint8Array, length: number): string {
  return String.fromCharCode(...bytes.subarray(0, length))
}
