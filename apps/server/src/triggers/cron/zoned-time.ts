/** A time of the clocks in a zone. */
export interface CivilTime {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** @throws RangeError  when there is no such zone */
export function civilTime(epochMs: number, timeZone: string): CivilTime {
  let format = formats.get(timeZone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(timeZone, format)
  }
  const parts = new Map(format.formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  }
}

/** How far the clocks of the zone are ahead of UTC then, milliseconds. */
export function offsetMs(epochMs: number, timeZone: string): number {
  const whole = Math.floor(epochMs / 1000) * 1000
  return asIfUtc(civilTime(whole, timeZone)) - whole
}

/**
 * The instant when the clocks of the zone show this. Of an hour that comes twice the first; a time that is left out
 * in spring is moved by what was left out.
 */
export function instantOf(civil: CivilTime, timeZone: string): number {
  const local = asIfUtc(civil)
  // the offsets of a day before and after enclose every change of the clocks near it
  const [before, after] = [local - 86_400_000, local + 86_400_000].map((near) => offsetMs(near, timeZone))
  const candidates = [local - (before ?? 0), local - (after ?? 0)]
  return (
    candidates.find((epochMs) => epochMs + offsetMs(epochMs, timeZone) === local) ?? local - (before ?? 0)
  )
}

function asIfUtc({ year, month, day, hour, minute, second }: CivilTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second)
}
