import { fault } from './errors.ts'
import { checkJsonShape } from './json-shape.ts'
import { formatPath, type Path } from './path.ts'

/** JSON text to values without losing a digit: what `JSON.parse` rounds silently is kept. */

/** Longer ones stay text: no system has them, and reading them as numbers takes long. */
const wholeNumber = /^-?\d{1,40}$/

/**
 * Numbers with so many digits, or an exponent, that a double may not hold them, and `__proto__`, perhaps escaped. What
 * only looks so, in a text, is read with care too; all else is read in a tenth of the time.
 */
const mayNeedCare = /(?:^|[:,[\s])-?(?:[\d.]{16}|[\d.]+[eE])|__proto__|\\u/

/** A number that JavaScript would round, by its text. */
export class ExactNumber {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }

  /** A bigint when it is whole, else its text. */
  value(): bigint | string {
    return wholeNumber.test(this.source) ? BigInt(this.source) : this.source
  }
}

/**
 * Parses JSON; whole numbers beyond 2^53, and decimals with more digits than a double holds, become
 * an `ExactNumber`. Nesting is bounded before anything recursive sees it.
 *
 * @param onRepeated  told of fields that stand twice, of which the last is taken; default: they are refused
 * @throws BulkheadError `request-unreadable` for what is not JSON, nests deeper than 64, or holds a `__proto__`;
 *         `request-field-repeated`
 * @see https://tc39.es/proposal-json-parse-with-source/ for `context.source`
 */
export function parseExactJson(text: string, onRepeated: (path: Path) => void = refuseRepeated): unknown {
  checkJsonShape(text, onRepeated)
  const revive = (key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (key === '__proto__')
      throw fault('request-unreadable', 'The request has a field named __proto__', {
        fix: 'Remove the field',
      })
    if (typeof value !== 'number' || context?.source === undefined || isExact(value, context.source))
      return value
    return new ExactNumber(context.source)
  }
  try {
    return mayNeedCare.test(text) ? JSON.parse(text, revive) : JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError)
      throw fault('request-unreadable', `The request is not JSON: ${syntaxReason(error, text)}`)
    throw error
  }
}

/**
 * Puts values in the place of every `ExactNumber`.
 * @param settleNumber  what to put there, by path
 */
export function settleNumbers(
  value: unknown,
  settleNumber: (number: ExactNumber, path: Path) => unknown,
  path: Path = [],
): unknown {
  if (value instanceof ExactNumber) return settleNumber(value, path)
  if (Array.isArray(value))
    return value.map((item, index) => settleNumbers(item, settleNumber, [...path, index]))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, settleNumbers(item, settleNumber, [...path, key])]),
    )
  return value
}

/** Whether the double says the same number as its text; whole numbers beyond 2^53 never count as exact. */
function isExact(value: number, source: string): boolean {
  // what is too small for a double reads as 0
  if (Number.isSafeInteger(value) && value !== 0 && source.length < 16) return true
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value)
  return normalise(String(value)) === normalise(source)
}

/** Digits and exponent of a number's text, the same for every way to write it. */
function normalise(text: string): string {
  const match = /^-?(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (match === null) return text
  const fraction = match[2] ?? ''
  const digits = `${match[1]}${fraction}`.replace(/^0+/, '')
  const kept = digits.replace(/0+$/, '')
  if (kept === '') return '0'
  return `${kept}e${Number(match[3] ?? 0) - fraction.length + (digits.length - kept.length)}`
}

function refuseRepeated(path: Path): never {
  const where = formatPath(path)
  throw fault('request-field-repeated', `The field \`${where}\` stands twice`, { path: where })
}

/** Where the text stops being JSON. The engine's own message quotes the text, which may hold a secret. */
function syntaxReason(error: SyntaxError, text: string): string {
  if (text.trim() === '') return 'it is empty'
  const position = /position (\d+)/.exec(error.message)?.[1]
  if (position === undefined) return 'it ends too early, or holds what JSON does not have'
  const before = text.slice(0, Number(position)).split('\n')
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}
