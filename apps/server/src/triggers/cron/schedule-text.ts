import { fault, type FromSchedule, fromScheduleSchema } from '@bulkhead/contract'
import { type CivilTime, civilTime, instantOf, offsetMs } from './zoned-time.ts'

/**
 * The parameters of a scheduled run: those that are `{ fromSchedule }` become texts of the scheduled time, as the
 * clocks of the trigger's zone show it.
 *
 * @throws BulkheadError `schedule-invalid` for a pattern that is none
 */
export function scheduledParameters(
  parameters: Readonly<Record<string, unknown>>,
  scheduledMs: number,
  timeZone: string,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      const parsed = fromScheduleSchema.safeParse(value)
      return [name, parsed.success ? scheduleText(parsed.data, scheduledMs, timeZone, name) : value]
    }),
  )
}

function scheduleText(
  { fromSchedule: { minus, format } }: FromSchedule,
  scheduledMs: number,
  timeZone: string,
  parameter: string,
): string {
  const atMs = minus === undefined ? scheduledMs : before(scheduledMs, minus, timeZone)
  return formatted(atMs, format, timeZone, parameter)
}

const durationPattern =
  /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/

/** Years, months, weeks and days by the calendar of the zone, hours and below by the clock of physics. */
function before(epochMs: number, duration: string, timeZone: string): number {
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = (
    durationPattern.exec(duration) ?? []
  )
    .slice(1)
    .map((part) => Number(part ?? 0))
  const elapsed = ((hours * 60 + minutes) * 60 + seconds) * 1000
  if (years + months + weeks + days === 0) return epochMs - elapsed
  const civil = civilTime(epochMs, timeZone)
  const date = minusDays(minusMonths(civil, years * 12 + months), weeks * 7 + days)
  return instantOf(date, timeZone) - elapsed
}

/** The same day of an earlier month, or the last one that it has. */
function minusMonths(civil: CivilTime, months: number): CivilTime {
  const index = civil.year * 12 + civil.month - 1 - months
  const year = Math.floor(index / 12)
  const month = index - year * 12 + 1
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate()
  return { ...civil, year, month, day: Math.min(civil.day, lastDay) }
}

function minusDays(civil: CivilTime, days: number): CivilTime {
  const date = new Date(Date.UTC(civil.year, civil.month - 1, civil.day - days))
  return { ...civil, year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
}

const tokens = /yyyy|MM|dd|HH|mm|ss|XXX|'(?:[^']|'')*'|[^A-Za-z']+/y

function formatted(epochMs: number, pattern: string, timeZone: string, parameter: string): string {
  const civil = civilTime(epochMs, timeZone)
  const two = (value: number): string => String(value).padStart(2, '0')
  const values: Readonly<Record<string, string>> = {
    yyyy: String(civil.year).padStart(4, '0'),
    MM: two(civil.month),
    dd: two(civil.day),
    HH: two(civil.hour),
    mm: two(civil.minute),
    ss: two(civil.second),
    XXX: offsetText(offsetMs(epochMs, timeZone)),
  }
  let text = ''
  for (let at = 0; at < pattern.length;) {
    tokens.lastIndex = at
    const token = tokens.exec(pattern)?.[0]
    if (token === undefined)
      throw fault('schedule-invalid', `The pattern of the parameter "${parameter}" has an unknown part`, {
        path: `parameters.${parameter}.fromSchedule.format`,
        fix: 'Write yyyy, MM, dd, HH, mm, ss, XXX, and other letters in single quotes',
      })
    // two quotes are one, in text and alone
    text += values[token] ?? (token === "''" ? "'" : token.replaceAll(/^'|'$/g, '').replaceAll("''", "'"))
    at += token.length
  }
  return text
}

function offsetText(ms: number): string {
  if (ms === 0) return 'Z'
  const minutes = Math.abs(ms) / 60_000
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${ms < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
}
