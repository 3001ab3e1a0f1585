/** Numbers as they are written, without a double in between. */

/** Longest decimal that is written out; an exponent of a few digits would else make gigabytes. */
const MAX_DIGITS = 1000
const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?(-?)$/

export interface NumberMarks {
  /** What stands before the fraction. */
  readonly decimalSeparator: string
  /** What may stand between groups of three digits; empty: nothing. */
  readonly groupSeparator: string
}

/**
 * A number as decimal text without exponent: `1.50` stays, `+007` is `7`, `12e2` is `1200`, `1,5-` (sign behind it,
 * as old systems write) is `-1.5`.
 * @returns undefined when the text is no number, or one of more than 1000 digits
 */
export function plainDecimal(text: string, marks: NumberMarks): string | undefined {
  const match = pattern.exec(withPoint(text, marks) ?? 'no')
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponentText, behind] = match
  if (whole === '' && fraction === '') return undefined
  if (sign !== '' && behind !== '') return undefined
  const exponent = Number(exponentText ?? 0)
  if (whole.length + fraction.length + Math.abs(exponent) > MAX_DIGITS) return undefined
  const digits = whole + fraction
  const point = whole.length + exponent
  const before = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0'
  const after =
    point >= digits.length ? '' : digits.slice(Math.max(0, point)).padStart(digits.length - point, '0')
  const minus = sign === '-' || behind === '-' ? '-' : ''
  return `${minus}${before.replace(/^0+(?=\d)/, '')}${after === '' ? '' : `.${after}`}`
}

/** The text with a point before its fraction and nothing between its digits; undefined when groups are not of three digits. */
function withPoint(text: string, { decimalSeparator, groupSeparator }: NumberMarks): string | undefined {
  let plain = text
  if (groupSeparator !== '' && plain.includes(groupSeparator)) {
    const [whole = '', ...rest] = plain.split(decimalSeparator)
    const groups = whole.split(groupSeparator)
    const areThrees = groups.slice(1).every((group) => /^\d{3}$/.test(group.replace(/-$/, '')))
    if (!areThrees || !/^[+-]?\d{1,3}$/.test(groups[0] ?? '')) return undefined
    plain = [groups.join(''), ...rest].join(decimalSeparator)
  }
  if (decimalSeparator === '.') return plain
  return plain.includes('.') ? undefined : plain.replace(decimalSeparator, '.')
}

/** A whole number of any size; also `2.0`, which is whole. */
export function wholeNumber(text: string, marks: NumberMarks): bigint | undefined {
  const match = /^(-?\d+)(?:\.0*)?$/.exec(plainDecimal(text, marks) ?? '')
  return match === null ? undefined : BigInt(match[1] ?? '')
}

/** Whether a plain decimal has at most so many digits, of these `scale` behind the point; zeros at the end do not count. */
export function fitsDecimal(text: string, precision: number, scale: number): boolean {
  const [, whole = '', fraction = ''] = /^-?(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  const needed = fraction.replace(/0+$/, '').length
  return needed <= scale && whole.replace(/^0$/, '').length <= precision - scale
}
