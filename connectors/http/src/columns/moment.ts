/** Dates and moments of ISO 8601 and RFC 3339 as days and microseconds since 1970-01-01. */

const datePattern = /^(\d{4})-(\d\d)-(\d\d)$/
const momentPattern =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?$/

/** Days since 1970-01-01; undefined when the text is no date. */
export function parseDate(text: string): number | undefined {
  const match = datePattern.exec(text)
  return match === null ? undefined : daysOf(match[1]!, match[2]!, match[3]!)
}

/**
 * Microseconds since 1970-01-01T00:00:00.
 * @param zoned  whether the text must have a zone (`Z`, `+02:00`), or must have none
 * @returns      undefined when the text is no such moment, or has a fraction of a microsecond
 */
export function parseMoment(text: string, zoned: boolean): bigint | undefined {
  const match = momentPattern.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second = '0', fraction = '', zone] = match
  // Anything else would be a guess.
  if ((zone !== undefined) !== zoned) return undefined
  const days = daysOf(year!, month!, day!)
  if (days === undefined || Number(minute) > 59 || /[1-9]/.test(fraction.slice(6))) return undefined
  const isEndOfDay =
    Number(hour) === 24 && Number(minute) === 0 && Number(second) === 0 && !/[1-9]/.test(fraction)
  // A leap second is the first one of the next minute, as databases read it.
  if ((Number(hour) > 23 && !isEndOfDay) || Number(second) > 60) return undefined
  const seconds = days * 86_400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  const offset = zone === undefined ? 0 : offsetSeconds(zone)
  if (offset === undefined) return undefined
  return BigInt(seconds - offset) * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
}

function daysOf(year: string, month: string, day: string): number | undefined {
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  const exists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  return exists && Number(year) > 0 ? date.getTime() / 86_400_000 : undefined
}

function offsetSeconds(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? []
  if (hours === undefined || Number(hours) > 15 || Number(minutes) > 59) return undefined
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
}
