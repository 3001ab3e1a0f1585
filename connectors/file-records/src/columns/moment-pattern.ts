/**
 * Dates and times in a pattern of their own, as Unicode Technical Standard 35 writes patterns: `dd.MM.yyyy HH:mm:ss`.
 * Every field but the fraction has as many digits as it has letters; one letter stands for one digit or two.
 */

type Part =
  | 'year'
  | 'shortYear'
  | 'month'
  | 'day'
  | 'dayOfYear'
  | 'hour'
  | 'hour12'
  | 'half'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'zone'

const parts: Readonly<Record<string, readonly [part: Part, pattern: string]>> = {
  yyyy: ['year', '(\\d{4})'],
  yy: ['shortYear', '(\\d{2})'],
  MMM: ['month', '([A-Za-z]{3})'],
  MM: ['month', '(\\d{2})'],
  M: ['month', '(\\d{1,2})'],
  dd: ['day', '(\\d{2})'],
  d: ['day', '(\\d{1,2})'],
  DDD: ['dayOfYear', '(\\d{3})'],
  HH: ['hour', '(\\d{2})'],
  H: ['hour', '(\\d{1,2})'],
  hh: ['hour12', '(\\d{2})'],
  h: ['hour12', '(\\d{1,2})'],
  a: ['half', '([AaPp][Mm])'],
  mm: ['minute', '(\\d{2})'],
  ss: ['second', '(\\d{2})'],
  XXX: ['zone', '(Z|[+-]\\d{2}:\\d{2})'],
  XX: ['zone', '(Z|[+-]\\d{4})'],
}
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

export interface MomentPattern {
  readonly hasTime: boolean
  readonly hasZone: boolean
  /** @returns undefined for a text that is no such moment */
  read(text: string): { readonly days: number; readonly micros: bigint } | undefined
}

/** @returns what is wrong with the pattern, as a text */
export function parseMomentPattern(pattern: string): MomentPattern | string {
  const found: Part[] = []
  let source = ''
  for (const [piece] of pattern.matchAll(/'(?:[^']|'')*'|([A-Za-z])\1*|[\s\S]/g)) {
    if (piece.startsWith("'"))
      source += literal(piece === "''" ? "'" : piece.slice(1, -1).replaceAll("''", "'"))
    else if (/^S{1,9}$/.test(piece)) {
      found.push('fraction')
      source += `(\\d{${piece.length}})`
    } else if (/^[A-Za-z]/.test(piece)) {
      const known = parts[piece]
      if (known === undefined) return `${piece} means nothing in a pattern`
      found.push(known[0])
      source += known[1]
    } else source += literal(piece)
  }
  const has = (part: Part): boolean => found.includes(part)
  if (new Set(found).size < found.length) return 'a field is in the pattern twice'
  if (has('year') === has('shortYear')) return 'it needs one year, yyyy or yy'
  if (has('dayOfYear') === (has('month') || has('day'))) return 'it needs either month and day or DDD'
  if (!has('dayOfYear') && has('month') !== has('day')) return 'it needs month and day'
  if (has('hour') && has('hour12')) return 'it has two hours'
  if (has('hour12') !== has('half')) return 'hours from 1 to 12 (h) need a, and the other way round'
  const regex = new RegExp(`^${source}$`)
  const hasTime = has('hour') || has('hour12')
  if (!hasTime && (has('minute') || has('second') || has('fraction'))) return 'it has no hour'
  return { hasTime, hasZone: has('zone'), read: (text) => readMoment(regex.exec(text), found) }
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

function readMoment(
  match: RegExpExecArray | null,
  found: readonly Part[],
): ReturnType<MomentPattern['read']> {
  if (match === null) return undefined
  const values = new Map(found.map((part, index) => [part, match[index + 1] ?? '']))
  const number = (part: Part): number => Number(values.get(part) ?? 0)
  const short = values.get('shortYear')
  // POSIX: 69 to 99 are of the twentieth century.
  const year = short === undefined ? number('year') : Number(short) + (Number(short) >= 69 ? 1900 : 2000)
  const days = values.has('dayOfYear')
    ? dayOfYear(year, number('dayOfYear'))
    : dayOfMonth(year, monthOf(values.get('month') ?? ''), number('day'))
  if (days === undefined) return undefined
  const hour = values.has('hour12') ? hourOf12(number('hour12'), values.get('half') ?? '') : number('hour')
  if (hour === undefined || hour > 23 || number('minute') > 59 || number('second') > 59) return undefined
  const fraction = (values.get('fraction') ?? '').padEnd(6, '0')
  if (/[1-9]/.test(fraction.slice(6))) return undefined
  const offset = zoneSeconds(values.get('zone') ?? 'Z')
  if (offset === undefined) return undefined
  const seconds = days * 86_400 + hour * 3600 + number('minute') * 60 + number('second') - offset
  return { days, micros: BigInt(seconds) * 1_000_000n + BigInt(fraction.slice(0, 6)) }
}

function monthOf(text: string): number {
  return /^\d/.test(text) ? Number(text) : months.indexOf(text.toLowerCase()) + 1
}

function dayOfMonth(year: number, month: number, day: number): number | undefined {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return exists && year > 0 && day > 0 ? date.getTime() / 86_400_000 : undefined
}

function dayOfYear(year: number, day: number): number | undefined {
  const first = dayOfMonth(year, 1, 1)
  const next = dayOfMonth(year + 1, 1, 1)
  if (first === undefined || next === undefined || day < 1 || first + day > next) return undefined
  return first + day - 1
}

function hourOf12(hour: number, half: string): number | undefined {
  if (hour < 1 || hour > 12) return undefined
  return (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0)
}

function zoneSeconds(zone: string): number | undefined {
  if (zone === 'Z') return 0
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? []
  if (hours === undefined || Number(hours) > 15 || Number(minutes) > 59) return undefined
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
}
