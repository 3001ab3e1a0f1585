/** Dates as documents write them: ISO 8601 with parts left out at the end, in UTC where no zone is said. */

const pattern =
  /^([+-]?\d{4,6})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?)?)?$/

/** Microseconds since 1970; undefined when the text is no such date, or finer than that. */
export function microsecondsOf(text: string): bigint | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [
    ,
    year = '',
    month = '01',
    day = '01',
    hour = '00',
    minute = '00',
    second = '00',
    fraction = '',
    zone,
  ] = match
  const days = daysOf(Number(year), Number(month), Number(day))
  if (days === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  if (!/^0*$/.test(fraction.slice(6))) return undefined
  const offset = zone === undefined || zone === 'Z' ? 0 : offsetOf(zone)
  if (offset === undefined) return undefined
  const seconds = days * 86_400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second) - offset
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
}

/** Days since 1970; undefined when the text is no full date, or has a time. */
export function dayOf(text: string): number | undefined {
  const [, year, month, day] = /^([+-]?\d{4,6})-(\d{2})-(\d{2})$/.exec(text) ?? []
  return day === undefined ? undefined : daysOf(Number(year), Number(month), Number(day))
}

/** Seconds east of UTC. */
function offsetOf(zone: string): number | undefined {
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? []
  if (sign === undefined || Number(hours) > 18 || Number(minutes) > 59) return undefined
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
}

function daysOf(year: number, month: number, day: number): number | undefined {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const isReal =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return isReal ? date.getTime() / 86_400_000 : undefined
}
