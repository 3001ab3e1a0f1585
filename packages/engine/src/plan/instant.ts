/** Dates and points in time as text. */

const datePattern = /^(\d{4})-(\d{2})-(\d{2})$/
const timestampPattern =
  /^(\d{4}-\d{2}-\d{2})[Tt ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d{1,9})?)?(Z|z|[+-](?:0\d|1[0-5]):?(?:[0-5]\d)?)?$/

/** Whether a text is a day of the Gregorian calendar, years 0001 to 9999. */
export function isDate(text: string): boolean {
  const match = datePattern.exec(text)
  if (match === null) return false
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
}

/**
 * Microseconds since 1970 of a point in time (RFC 3339, the zone and the seconds may be absent; without
 * zone it is taken as UTC), or undefined when the text is none.
 */
export function instantOf(text: string): bigint | undefined {
  const match = timestampPattern.exec(text)
  if (match === null || !isDate(match[1] ?? '')) return undefined
  const daySeconds = Date.parse(`${match[1]}T00:00:00Z`) / 1000
  const seconds = daySeconds + Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0)
  const fraction = (match[5] ?? '.').slice(1, 7).padEnd(6, '0')
  return BigInt(seconds - zoneSeconds(match[6] ?? 'Z')) * 1_000_000n + BigInt(fraction)
}

function zoneSeconds(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0
  const digits = zone.slice(1).replace(':', '')
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2) || 0) * 60
  return zone.startsWith('-') ? -seconds : seconds
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
}
