/** Decimal numbers as text: no digit is lost. */

const pattern = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/

/** The text of a decimal number without a plus sign, or undefined when it is none. */
export function decimalText(text: string): string | undefined {
  return pattern.test(text) ? text.replace(/^\+/, '') : undefined
}

/** Below, at or above 0 as the first is less, equal or more; NaN when one is no decimal number. */
export function compareDecimals(left: string, right: string): number {
  const [a, b] = [scaled(left), scaled(right)]
  if (a === undefined || b === undefined) return Number.NaN
  const scale = Math.max(a.scale, b.scale)
  const difference = a.digits * 10n ** BigInt(scale - a.scale) - b.digits * 10n ** BigInt(scale - b.scale)
  return difference === 0n ? 0 : difference < 0n ? -1 : 1
}

function scaled(text: string): { readonly digits: bigint; readonly scale: number } | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const fraction = match[3] ?? ''
  const digits = BigInt(`${match[2]}${fraction}`)
  return {
    digits: match[1] === '-' ? -digits : digits,
    scale: fraction.length - Number(match[4] ?? 0),
  }
}
