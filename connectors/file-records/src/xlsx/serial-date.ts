import type { NumberKind } from './number-formats.ts'

const DAY_MS = 86_400_000
/** Days before 1970-01-01 of day 0: of the calendar from 1900 as it is after its leap day that never was, and of that from 1904. */
const DAYS_1900 = 25_569
const DAYS_1904 = 24_107
/** 1900-02-29, which Excel counts and no calendar has. */
const NO_DAY = 60
/** 9999-12-31 */
const MOST_DAYS = 2_958_465

/**
 * A number of days as a date, a time of day or both: ISO 8601, to the millisecond, which is what Excel keeps.
 * @returns undefined for a number that is no such day
 */
export function serialText(
  serial: string,
  kind: Exclude<NumberKind, 'number'>,
  is1904: boolean,
): string | undefined {
  const value = Number(serial)
  if (!Number.isFinite(value) || value < 0) return undefined
  const ms = Math.round(value * DAY_MS)
  const days = Math.floor(ms / DAY_MS)
  const inDay = ms - days * DAY_MS
  if (days > MOST_DAYS) return undefined
  const time = new Date(inDay)
    .toISOString()
    .slice(11, 23)
    .replace(/\.?0+$/, '')
  if (kind === 'time' && days === 0) return time
  if (!is1904 && (days === NO_DAY || days === 0)) return undefined
  const before = is1904 ? DAYS_1904 : days < NO_DAY ? DAYS_1900 - 1 : DAYS_1900
  const date = new Date((days - before) * DAY_MS).toISOString().slice(0, 10)
  // What the look of the cell hides is not lost.
  return kind === 'date' && inDay === 0 ? date : `${date} ${time}`
}
