import type { FixedCell, LogicalType } from '@bulkhead/connector-sdk'
import { type MomentPattern, parseMomentPattern } from './moment-pattern.ts'
import { fitsDecimal, type NumberMarks, plainDecimal, wholeNumber } from './number-text.ts'

/** How the texts of a column are read. */
export interface ValueOptions extends NumberMarks {
  /** How dates and times are written; default: ISO 8601. */
  readonly pattern: string | undefined
  readonly trueTexts: readonly string[]
  readonly falseTexts: readonly string[]
}

/** Reads the values of a type that is not text. */
export interface ValueReader {
  /** @returns a number for a fixed layout, text for a variable one; undefined when the text is no such value */
  read(text: string): FixedCell | string | undefined
  /** What follows "must be". */
  readonly expected: string
}

/** @returns a text when the options make no sense: what is wrong with them */
export function valueReader(type: LogicalType, options: ValueOptions): ValueReader | string {
  switch (type.kind) {
    case 'boolean':
      return booleans(options)
    case 'integer': {
      const { bits, unsigned = false } = type
      const least = unsigned ? 0n : -(1n << BigInt(bits - 1))
      const most = unsigned ? (1n << BigInt(bits)) - 1n : (1n << BigInt(bits - 1)) - 1n
      return {
        expected: `a whole number from ${least} to ${most}`,
        read(text) {
          const whole = wholeNumber(text, options)
          if (whole === undefined || whole < least || whole > most) return undefined
          return bits === 64 ? whole : Number(whole)
        },
      }
    }
    case 'float':
      return {
        expected: 'a number that 64 bits can hold',
        read(text) {
          const plain = plainDecimal(text, options)
          const value = Number(plain ?? Number.NaN)
          // too large, or so small that nothing of it would be left
          return Number.isFinite(value) && (value !== 0 || !/[1-9]/.test(plain ?? '')) ? value : undefined
        },
      }
    case 'decimal':
      return decimals(type, options)
    case 'date':
    case 'timestamp':
      return moments(type, options.pattern)
    case 'json':
      return { expected: 'JSON', read: readJson }
    case 'text':
    case 'binary':
      throw new Error(`${type.kind} is not read from text`)
  }
  return type satisfies never
}

function booleans({ trueTexts, falseTexts }: ValueOptions): ValueReader | string {
  if (trueTexts.some((text) => falseTexts.includes(text))) return 'a text means both true and false'
  const texts = new Map([
    ...trueTexts.map((text) => [text, 1] as const),
    ...falseTexts.map((text) => [text, 0] as const),
  ])
  return {
    expected: `one of ${[...texts.keys()].map((text) => JSON.stringify(text)).join(', ')}`,
    read: (text) => texts.get(text),
  }
}

function decimals(
  { precision, scale = 0 }: Extract<LogicalType, { readonly kind: 'decimal' }>,
  marks: NumberMarks,
): ValueReader {
  const bound =
    precision === undefined ? '' : ` of at most ${precision} digits, ${scale} of them behind the point`
  return {
    expected: `a decimal number${bound}`,
    read(text) {
      const plain = plainDecimal(text, marks)
      if (plain === undefined) return undefined
      return precision === undefined || fitsDecimal(plain, precision, scale) ? plain : undefined
    },
  }
}

function moments(
  type: Extract<LogicalType, { readonly kind: 'date' | 'timestamp' }>,
  given: string | undefined,
): ValueReader | string {
  const isDate = type.kind === 'date'
  const zoned = !isDate && type.zoned
  const pattern = given ?? (isDate ? 'yyyy-MM-dd' : `yyyy-MM-dd HH:mm:ss.SSSSSSSSS${zoned ? 'XXX' : ''}`)
  const parsed = parseMomentPattern(pattern)
  if (typeof parsed === 'string') return parsed
  if (isDate && (parsed.hasTime || parsed.hasZone)) return 'the pattern of a date has a time'
  if (!isDate && !parsed.hasTime) return 'the pattern of a time has no hour'
  if (parsed.hasZone !== zoned) return zoned ? 'the pattern has no zone (XXX)' : 'the pattern has a zone'
  const read = momentOf(parsed, isDate)
  if (given !== undefined) return { expected: `written as ${given}`, read }
  if (isDate)
    return {
      expected: 'a date such as 2026-10-31',
      read: (text) => read(text.replace(/[ T]00:00(:00(\.0+)?)?$/, '')),
    }
  return {
    expected: zoned
      ? 'a moment such as 2026-10-31T08:15:00Z, with its zone and without a fraction of a microsecond'
      : 'a moment such as 2026-10-31T08:15:00, without a zone and without a fraction of a microsecond',
    read: (text) => read(fullIso(text)),
  }
}

function momentOf(pattern: MomentPattern, isDate: boolean): (text: string) => FixedCell | undefined {
  return (text) => {
    const moment = pattern.read(text)
    return isDate ? moment?.days : moment?.micros
  }
}

/** ISO 8601 with all that may be left out: time (midnight), seconds, fraction, colon of the zone. */
function fullIso(text: string): string {
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-]\d\d)(?::?(\d\d))?)?)?$/.exec(
      text,
    )
  if (match === null) return ''
  const [, date, time = '00:00', second = '00', fraction = '', utc, hours, minutes = '00'] = match
  const zone = utc !== undefined ? 'Z' : hours === undefined ? '' : `${hours}:${minutes}`
  return `${date} ${time}:${second}.${fraction.padEnd(9, '0')}${zone}`
}

function readJson(text: string): string | undefined {
  try {
    JSON.parse(text)
    return text
  } catch {
    return undefined
  }
}
