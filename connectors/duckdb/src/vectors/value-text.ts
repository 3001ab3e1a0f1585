/** Values as text, exact. */

const MICROS_PER_DAY = 86_400_000_000n
const DAYS_PER_ERA = 146_097
const INFINITE_DAYS = 2_147_483_647
const INFINITE_TIME = 9_223_372_036_854_775_807n

/** A number with its last `scale` digits behind the point. */
export function decimalText(unscaled: bigint | number, scale: number): string {
  if (scale === 0) return unscaled.toString()
  const negative = unscaled < 0
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${negative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** 128 bits as two words; `high` carries the sign. */
export function int128(low: bigint, high: bigint): bigint {
  return (high << 64n) | low
}

/** A number of any size, as DuckDB stores it: 3 bytes of sign and length, then the bytes, all inverted when negative. */
export function bignumText(bytes: Uint8Array): string {
  const positive = ((bytes[0] ?? 0) & 0x80) !== 0
  const digits = Buffer.from(bytes.subarray(3))
  if (!positive) for (let at = 0; at < digits.length; at++) digits[at] = ~(digits[at] ?? 0)
  const value = BigInt(`0x${digits.toString('hex') || '0'}`)
  return (positive ? value : -value).toString()
}

/** DuckDB flips the highest bit, so that UUIDs sort as numbers. */
export function uuidText(low: bigint, high: bigint): string {
  const hex =
    BigInt.asUintN(64, high ^ (1n << 63n))
      .toString(16)
      .padStart(16, '0') + low.toString(16).padStart(16, '0')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Time of day from units of which `perSecond` are a second; 24:00:00 is one. */
export function timeText(value: bigint, perSecond: 1_000_000n | 1_000_000_000n): string {
  const seconds = Number(value / perSecond)
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const fraction = (value % perSecond)
    .toString()
    .padStart(perSecond === 1_000_000n ? 6 : 9, '0')
    .replace(/0+$/, '')
  return `${clock.map((part) => String(part).padStart(2, '0')).join(':')}${fraction === '' ? '' : `.${fraction}`}`
}

/** `2026-10-31`, `0044-03-15 BC`, `infinity`. */
export function dateText(days: number): string {
  if (days === INFINITE_DAYS) return 'infinity'
  if (days === -INFINITE_DAYS) return '-infinity'
  // Date ends at 275760; 146,097 days are 400 years of the calendar.
  const eras = Math.floor(days / DAYS_PER_ERA)
  const date = new Date((days - eras * DAYS_PER_ERA) * 86_400_000)
  const year = date.getUTCFullYear() + eras * 400
  const monthAndDay = date.toISOString().slice(4, 10)
  return year > 0 ? `${pad4(year)}${monthAndDay}` : `${pad4(1 - year)}${monthAndDay} BC`
}

/**
 * `2026-10-31T08:15:00.25`, as timestamps stand in JSON.
 * @param value  units since 1970 of which `perSecond` are a second
 * @param zone   what follows the time: `+00:00` for an instant
 */
export function timestampText(value: bigint, perSecond: bigint, zone: '' | '+00:00'): string {
  if (value === INFINITE_TIME) return 'infinity'
  if (value === -INFINITE_TIME) return '-infinity'
  const nanos = perSecond === 1_000_000_000n
  const perDay = nanos ? MICROS_PER_DAY * 1000n : MICROS_PER_DAY
  const units = nanos ? value : value * (1_000_000n / perSecond)
  const inDay = ((units % perDay) + perDay) % perDay
  const date = dateText(Number((units - inDay) / perDay))
  const time = timeText(inDay, nanos ? 1_000_000_000n : 1_000_000n)
  return date.endsWith(' BC') ? `${date.slice(0, -3)}T${time}${zone} BC` : `${date}T${time}${zone}`
}

function pad4(year: number): string {
  return String(year).padStart(4, '0')
}
