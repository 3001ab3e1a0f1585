import { cassandraError } from '../errors.ts'

/** Days of 400 years of the calendar, after which it repeats. */
const daysOfEra = 146_097
const yearsOfEra = 400
const msPerDay = 86_400_000

/**
 * A date of days since 1970-01-01, such as `2026-10-31` or `0044-03-15 BC`. The first and the last day
 * that Cassandra has stand for infinity in batches, and are refused.
 */
export function dateText(days: number, column: string): string {
  if (days >= 2 ** 31 - 1 || days <= -(2 ** 31)) throw tooFar(column)
  const { day, era } = calendarDay(days)
  return day + era
}

/**
 * A moment of milliseconds since 1970: `2026-10-31 08:15:00.25+00`, in JSON `2026-10-31T08:15:00.25+00:00`.
 * Beyond the year 275760 the client has lost the value already.
 */
export function momentText(ms: number, style: 'sql' | 'json', column: string): string {
  if (Number.isNaN(ms)) throw tooFar(column)
  const days = Math.floor(ms / msPerDay)
  const clock = new Date(ms - days * msPerDay).toISOString().slice(11, 23)
  const trimmed = clock.endsWith('.000') ? clock.slice(0, 8) : clock.replace(/0+$/, '')
  const { day, era } = calendarDay(days)
  return style === 'sql' ? `${day} ${trimmed}+00${era}` : `${day}T${trimmed}+00:00${era}`
}

function calendarDay(days: number): { readonly day: string; readonly era: string } {
  const eras = Math.floor(days / daysOfEra)
  const date = new Date((days - eras * daysOfEra) * msPerDay)
  const year = date.getUTCFullYear() + eras * yearsOfEra
  const rest = date.toISOString().slice(4, 10)
  return year > 0
    ? { day: String(year).padStart(4, '0') + rest, era: '' }
    : { day: String(1 - year).padStart(4, '0') + rest, era: ' BC' }
}

function tooFar(column: string): Error {
  return cassandraError(
    'cassandra-value-refused',
    `Column "${column}" has a date or timestamp beyond the calendar that can be kept`,
  )
}
