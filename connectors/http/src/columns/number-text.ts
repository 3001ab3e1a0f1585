/** Numbers as they are written, without a double in between. */

/** Longest decimal that is written out; an exponent of a few digits would else make gigabytes. */
const MAX_DIGITS = 1000

const numberPattern = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,6}))?$/

/**
 * A JSON number as decimal text without exponent, digits as they were written: `1.50` stays, `12e2` is `1200`.
 * @returns undefined when the text is no number, or one of more than 1000 digits
 */
export function plainDecimal(text: string): string | undefined {
  const match = numberPattern.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponentText] = match
  const exponent = Number(exponentText ?? 0)
  if (whole.length + fraction.length + Math.abs(exponent) > MAX_DIGITS) return undefined
  if (exponentText === undefined) return `${sign}${trimZeros(whole)}${fraction === '' ? '' : `.${fraction}`}`
  const digits = whole + fraction
  const point = whole.length + exponent
  const before = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0'
  const after =
    point >= digits.length ? '' : digits.slice(Math.max(0, point)).padStart(digits.length - point, '0')
  return `${sign}${trimZeros(before)}${after === '' ? '' : `.${after}`}`
}

/** A whole number of any size; also `1e3` and `2.0`, which are whole. */
export function wholeNumber(text: string): bigint | undefined {
  if (/^-?\d{1,40}$/.test(text)) return BigInt(text)
  const match = /^(-?\d+)(?:\.0*)?$/.exec(plainDecimal(text) ?? '')
  return match === null ? undefined : BigInt(match[1]!)
}

/** Whether a plain decimal has at most so many digits, of these `scale` behind the point; zeros at the end do not count. */
export function fitsDecimal(text: string, precision: number, scale: number): boolean {
  const [, whole = '', fraction = ''] = /^-?(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  const needed = fraction.replace(/0+$/, '').length
  return needed <= scale && trimZeros(whole).replace(/^0$/, '').length <= precision - scale
}

/** A number since 1970 as microseconds, exactly; undefined when that is not whole. */
export function epochMicros(text: string, unit: bigint): bigint | undefined {
  const plain = plainDecimal(text)
  if (plain === undefined) return undefined
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(plain) ?? []
  const scale = 10n ** BigInt(fraction.length)
  const scaled = BigInt(whole + fraction) * unit
  if (scaled % scale !== 0n) return undefined
  return sign === '-' ? -(scaled / scale) : scaled / scale
}

function trimZeros(whole: string): string {
  return whole.replace(/^0+(?=\d)/, '')
}
