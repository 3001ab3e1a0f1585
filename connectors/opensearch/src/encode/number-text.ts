/** Numbers as documents write them, judged without losing a digit. */

/** A JSON number taken apart: `digits` times ten to the power of `exponent`. */
interface Parts {
  readonly isNegative: boolean
  /** Without zeros at either end; empty for zero. */
  readonly digits: string
  readonly exponent: number
}

const pattern = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,9}))?$/
/** Most digits of a whole number that is written with an exponent. */
const MOST_ZEROS = 40
/** Most digits that JavaScript prints of a float. */
const MOST_PRINTED = 100

/** @returns undefined when the text is no number */
function partsOf(text: string): Parts | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', power = '0'] = match
  const all = (whole + fraction).replace(/^0+/, '')
  const digits = all.replace(/0+$/, '')
  return {
    isNegative: sign === '-',
    digits,
    exponent: digits === '' ? 0 : Number(power) - fraction.length + (all.length - digits.length),
  }
}

/** Whether the text is a number, in the way of JSON or with zeros before it. */
export function isNumberText(text: string): boolean {
  return pattern.test(text)
}

/** The whole number of a text; undefined when it is none, or has a fraction. */
export function wholeNumberOf(text: string): bigint | undefined {
  if (/^-?\d{1,40}$/.test(text)) return BigInt(text)
  const parts = partsOf(text)
  if (parts === undefined || parts.exponent < 0 || parts.exponent > MOST_ZEROS) return undefined
  if (parts.digits.length > MOST_ZEROS) return undefined
  const value = BigInt(`${parts.digits || '0'}${'0'.repeat(parts.exponent)}`)
  return parts.isNegative ? -value : value
}

/**
 * The float of a text; undefined when it is none, or when the float, printed with as many digits as the text has, would
 * have others. How many digits are written depends on who writes: JavaScript as few as will do, C often 17.
 */
export function floatOf(text: string): number | undefined {
  const value = Number(text)
  // 15 digits always come back
  if (text.length <= 15 && /^-?\d+(\.\d+)?$/.test(text)) return value
  const written = partsOf(text)
  if (written === undefined || !Number.isFinite(value)) return undefined
  const { length } = written.digits
  if (length === 0) return value
  if (length > MOST_PRINTED) return undefined
  const kept = partsOf(value.toPrecision(length))
  return kept?.digits === written.digits && kept.exponent === written.exponent ? value : undefined
}
