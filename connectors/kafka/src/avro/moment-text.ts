/** Days and moments as text, of any year that 64 bits can say: the calendar is counted in eras of 400 years. */

const daysOfEra = 146_097n
const microsPerDay = 86_400_000_000n

/** Of days since 1970-01-01: `2026-10-31`, `0044-03-15 BC`. */
export function dateText(days: bigint): string {
  const { day, era } = calendarDay(days)
  return day + era
}

/** Of microseconds since midnight: `08:15:00.25`. */
export function timeText(micros: bigint): string {
  if (micros < 0n || micros >= microsPerDay) throw new RangeError('No time of day')
  return clockText(micros, 6)
}

/**
 * Of a count since 1970 in seconds with so many digits behind the point: `2026-10-31T08:15:00.25`.
 * @param zone  that follows, and before the era of years before 1
 */
export function momentText(count: bigint, digits: 3 | 6 | 9, zone: string): string {
  const perDay = 86_400n * 10n ** BigInt(digits)
  const rest = ((count % perDay) + perDay) % perDay
  const { day, era } = calendarDay((count - rest) / perDay)
  return `${day}T${clockText(rest, digits)}${zone}${era}`
}

/** Of months, days and milliseconds, 4 bytes each: `P1M2DT3.004S`. */
export function durationText(bytes: Buffer): string {
  const ms = bytes.readUInt32LE(8)
  const fraction = String(ms % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '')
  const seconds = `${Math.floor(ms / 1000)}${fraction === '' ? '' : `.${fraction}`}`
  return `P${bytes.readUInt32LE(0)}M${bytes.readUInt32LE(4)}DT${seconds}S`
}

function clockText(count: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits)
  const seconds = Number(count / unit)
  const two = (part: number): string => String(part).padStart(2, '0')
  const fraction = String(count % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '')
  const whole = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return fraction === '' ? whole : `${whole}.${fraction}`
}

function calendarDay(days: bigint): { readonly day: string; readonly era: string } {
  const inEra = ((days % daysOfEra) + daysOfEra) % daysOfEra
  const eras = (days - inEra) / daysOfEra
  const date = new Date(Number(inEra) * 86_400_000)
  const year = BigInt(date.getUTCFullYear()) + eras * 400n
  const rest = date.toISOString().slice(4, 10)
  return year > 0n
    ? { day: String(year).padStart(4, '0') + rest, era: '' }
    : { day: String(1n - year).padStart(4, '0') + rest, era: ' BC' }
}
