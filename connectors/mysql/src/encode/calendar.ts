/**
 * Dates and times of the binary protocol: a length, then year (2), month, day, hour, minute, second and
 * microseconds (4), of which zeros at the end are left out.
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html
 */

const monthDays = Uint8Array.of(0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

/** Whether the date of `length` bytes at `at` is one of the calendar. The year 0 is none: it may mean anything. */
export function isDate(bytes: Buffer, at: number, length: number): boolean {
  if (length < 4) return false
  const year = bytes[at]! | (bytes[at + 1]! << 8)
  const month = bytes[at + 2]!
  const day = bytes[at + 3]!
  if (year === 0 || month === 0 || month > 12 || day === 0) return false
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= monthDays[month]! + (leap ? 1 : 0)
}

/** Days from 1970-01-01 to the date at `at`, which is one of the calendar. */
export function daysSince1970(bytes: Buffer, at: number): number {
  const year = bytes[at]! | (bytes[at + 1]! << 8)
  const month = bytes[at + 2]!
  // Years that begin in March have their odd day at the end.
  const y = month > 2 ? year : year - 1
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + bytes[at + 3]! - 1
  const dayOfEra = yearOfEra * 365 + (yearOfEra >> 2) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** Seconds from the beginning of the day. */
export function secondOfDay(bytes: Buffer, at: number, length: number): number {
  return length < 7 ? 0 : bytes[at + 4]! * 3600 + bytes[at + 5]! * 60 + bytes[at + 6]!
}

export function microseconds(bytes: Buffer, at: number, length: number): number {
  return length < 11 ? 0 : bytes.readUInt32LE(at + 7)
}

/** Longest text of the writers below: `-838:59:59.000000`, `9999-12-31 23:59:59.999999`. */
export const textBytes = 32

/** Writes the date as the server would, zeros included. @returns where the text ends */
export function writeDate(bytes: Buffer, at: number, length: number, out: Buffer, to: number): number {
  const year = length < 4 ? 0 : bytes[at]! | (bytes[at + 1]! << 8)
  let o = writeTwo(out, to, Math.floor(year / 100))
  o = writeTwo(out, o, year % 100)
  out[o++] = 0x2d
  o = writeTwo(out, o, length < 4 ? 0 : bytes[at + 2]!)
  out[o++] = 0x2d
  return writeTwo(out, o, length < 4 ? 0 : bytes[at + 3]!)
}

/** Writes date and time as the server would. @param digits  of the fraction of a second, up to 6 */
export function writeDateTime(
  bytes: Buffer,
  at: number,
  length: number,
  digits: number,
  out: Buffer,
  to: number,
): number {
  let o = writeDate(bytes, at, length, out, to)
  out[o++] = 0x20
  const timed = length >= 7
  o = writeTwo(out, o, timed ? bytes[at + 4]! : 0)
  out[o++] = 0x3a
  o = writeTwo(out, o, timed ? bytes[at + 5]! : 0)
  out[o++] = 0x3a
  o = writeTwo(out, o, timed ? bytes[at + 6]! : 0)
  return writeFraction(microseconds(bytes, at, length), digits, out, o)
}

/** Writes a time, which may be negative or longer than a day: sign, days (4), hour, minute, second, microseconds (4). */
export function writeTime(
  bytes: Buffer,
  at: number,
  length: number,
  digits: number,
  out: Buffer,
  to: number,
): number {
  let o = to
  const there = length >= 8
  if (there && bytes[at] === 1) out[o++] = 0x2d
  const hours = there ? bytes.readUInt32LE(at + 1) * 24 + bytes[at + 5]! : 0
  if (hours > 99) o += out.write(String(hours), o, 'latin1')
  else o = writeTwo(out, o, hours)
  out[o++] = 0x3a
  o = writeTwo(out, o, there ? bytes[at + 6]! : 0)
  out[o++] = 0x3a
  o = writeTwo(out, o, there ? bytes[at + 7]! : 0)
  return writeFraction(length >= 12 ? bytes.readUInt32LE(at + 8) : 0, digits, out, o)
}

function writeFraction(micros: number, digits: number, out: Buffer, to: number): number {
  if (digits === 0) return to
  let o = to
  out[o++] = 0x2e
  let rest = micros
  for (let unit = 100_000, left = digits; left > 0; left -= 1, unit /= 10) {
    const digit = Math.floor(rest / unit)
    rest -= digit * unit
    out[o++] = 0x30 + digit
  }
  return o
}

function writeTwo(out: Buffer, to: number, value: number): number {
  const tens = Math.floor(value / 10)
  out[to] = 0x30 + tens
  out[to + 1] = 0x30 + value - 10 * tens
  return to + 2
}
