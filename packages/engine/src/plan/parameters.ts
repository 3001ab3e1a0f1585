import type { ErrorDetails, ParameterValue, Value } from '@bulkhead/connector-sdk'
import {
  compilePattern,
  didYouMean,
  faultDetails,
  formatPath,
  listNames,
  patternTextLength,
  type ParameterDeclaration,
} from '@bulkhead/contract'
import { compareDecimals, decimalText } from './decimal.ts'
import { instantOf, isDate } from './instant.ts'

/**
 * Parameters of a request against their declarations. Values come from strangers: they are bounded,
 * they keep every digit, and no message repeats one.
 */

const mostParameters = 200
const longestText = 10_000
const longestList = 1000
const longestNumber = 200

/** The values, or everything that is wrong with them. */
export interface CheckedParameters {
  readonly values: Readonly<Record<string, ParameterValue>>
  readonly faults: readonly ErrorDetails[]
}

/** Checks what a request gives to a job; fills in defaults. */
export function checkParameters(
  declarations: Readonly<Record<string, ParameterDeclaration>>,
  given: Readonly<Record<string, unknown>>,
): CheckedParameters {
  const names = Object.keys(declarations)
  const faults: ErrorDetails[] = []
  const values: Record<string, ParameterValue> = {}
  for (const name of Object.keys(given).slice(0, mostParameters))
    if (!Object.hasOwn(declarations, name))
      faults.push(
        faultDetails(
          'parameter-unknown',
          `The job has no parameter ${formatPath([name])}${didYouMean(name, names)}`,
          {
            path: formatPath(['parameters', name]),
            fix: `Its parameters are ${listNames(names)}`,
          },
        ),
      )
  for (const [name, declaration] of Object.entries(declarations)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    const path = formatPath(['parameters', name])
    if (value === undefined && declaration.default === undefined && !Object.hasOwn(declaration, 'default')) {
      faults.push(
        faultDetails('parameter-missing', `The parameter ${name} is missing`, {
          path,
          fix: `Give ${wanted(declaration)}`,
        }),
      )
      continue
    }
    const checked = checkParameter(declaration, value === undefined ? declaration.default : value)
    if ('reason' in checked) faults.push(parameterFault(name, declaration, checked.reason))
    else values[name] = checked.value
  }
  return { values, faults }
}

/** What is wrong with a value, and what to give instead. */
export function parameterFault(
  name: string,
  declaration: ParameterDeclaration,
  reason: string,
): ErrorDetails {
  return faultDetails('parameter-invalid', `The parameter ${name} ${reason}`, {
    path: formatPath(['parameters', name]),
    fix: `Give ${wanted(declaration)}`,
  })
}

/** Parameters of a query that nobody declared: they are what JSON says they are. */
export function adHocParameters(given: Readonly<Record<string, unknown>>): CheckedParameters {
  const faults: ErrorDetails[] = []
  const values: Record<string, ParameterValue> = {}
  const entries = Object.entries(given)
  if (entries.length > mostParameters)
    faults.push(
      faultDetails('parameter-invalid', `The request has more than ${mostParameters} parameters`, {
        path: 'parameters',
        fix: 'Give fewer',
      }),
    )
  for (const [name, value] of entries.slice(0, mostParameters)) {
    const path = formatPath(['parameters', name])
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,59}$/.test(name)) {
      faults.push(
        faultDetails('parameter-invalid', 'A name of a parameter is not letters, digits and underscores', {
          path,
          fix: 'Rename it, in the query too',
        }),
      )
      continue
    }
    const reason = adHocReason(value)
    if (reason === undefined) values[name] = value as ParameterValue
    else
      faults.push(
        faultDetails('parameter-invalid', `The parameter ${name} ${reason}`, {
          path,
          fix: 'Give a text, a number, true, false, null, or a list of these',
        }),
      )
  }
  return { values, faults }
}

/** One value against its declaration: what the source gets, or the end of a sentence about what is wrong. */
export function checkParameter(
  declaration: ParameterDeclaration,
  value: unknown,
): { readonly value: ParameterValue } | { readonly reason: string } {
  if (value === null) return declaration.nullable ? { value: null } : { reason: 'must not be null' }
  if (!declaration.list) return checkOne(declaration, value, declaration.maxLength)
  if (!Array.isArray(value)) return { reason: 'must be a list' }
  const most = declaration.maxLength ?? longestList
  if (value.length > most) return { reason: `must have at most ${most} entries` }
  const values: Value[] = []
  for (const [index, item] of value.entries()) {
    const checked = checkOne(declaration, item, undefined)
    if ('reason' in checked) return { reason: `has an entry ${index} that ${checked.reason}` }
    values.push(checked.value)
  }
  return { value: values }
}

/**
 * A parameter as it was typed on a command line.
 * @returns the value that a request in JSON would have given; what cannot be read stays text, and is refused by the check
 */
export function parameterFromText(declaration: ParameterDeclaration | undefined, text: string): unknown {
  if (declaration === undefined) return text
  if (declaration.list) {
    const one = { ...declaration, list: false }
    if (!text.startsWith('[')) return text.split(',').map((item) => parameterFromText(one, item.trim()))
    try {
      return JSON.parse(text)
    } catch {
      return text
    }
  }
  if (declaration.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (declaration.nullable && text === 'null') return null
  return text
}

type Checked = { readonly value: Value } | { readonly reason: string }

function checkOne(declaration: ParameterDeclaration, value: unknown, maxLength: number | undefined): Checked {
  const read = readAs(declaration, value, maxLength)
  if ('reason' in read) return read
  if (
    declaration.enum !== undefined &&
    !declaration.enum.some((allowed) => same(declaration, allowed, read.value))
  )
    return { reason: `must be one of ${listNames(declaration.enum.map(String), 20)}` }
  if (declaration.minimum !== undefined && compare(declaration, read.value, declaration.minimum) < 0)
    return { reason: `must be at least ${declaration.minimum}` }
  if (declaration.maximum !== undefined && compare(declaration, read.value, declaration.maximum) > 0)
    return { reason: `must be at most ${declaration.maximum}` }
  return read
}

function readAs(declaration: ParameterDeclaration, value: unknown, maxLength: number | undefined): Checked {
  const wrong: Checked = { reason: `must be ${typeSentence[declaration.type]}` }
  switch (declaration.type) {
    case 'string':
      return typeof value === 'string' ? readText(declaration, value, maxLength) : wrong
    case 'integer':
      return readInteger(value) ?? wrong
    case 'number': {
      const number = isNumber(value) || (typeof value === 'string' && decimalText(value) !== undefined)
      return number && Number.isFinite(Number(value)) ? { value: Number(value) } : wrong
    }
    case 'decimal': {
      const text = isNumber(value) ? String(value) : typeof value === 'string' ? value : ''
      const decimal = text.length <= (maxLength ?? longestNumber) ? decimalText(text) : undefined
      return decimal === undefined ? wrong : { value: decimal }
    }
    case 'boolean':
      return typeof value === 'boolean' ? { value } : wrong
    case 'date':
      return typeof value === 'string' && isDate(value) ? { value } : wrong
    case 'timestamp':
      return typeof value === 'string' && instantOf(value) !== undefined ? { value } : wrong
  }
  declaration.type satisfies never
  return wrong
}

function readText({ pattern }: ParameterDeclaration, value: string, maxLength: number | undefined): Checked {
  const most = Math.min(
    maxLength ?? longestText,
    pattern === undefined ? Number.POSITIVE_INFINITY : patternTextLength,
  )
  if (value.length > most) return { reason: `must have at most ${most} characters` }
  const reason = unsafeText(value)
  if (reason !== undefined) return { reason }
  if (pattern !== undefined && !compilePattern(pattern).test(value))
    return { reason: `must have the form ${pattern.slice(0, 100)}` }
  return { value }
}

/** A number while it is one that JavaScript holds exactly, a bigint beyond. */
function readInteger(value: unknown): Checked | undefined {
  if (typeof value === 'string' && !/^[+-]?\d{1,40}$/.test(value)) return undefined
  if (typeof value !== 'string' && !isNumber(value)) return undefined
  if (typeof value === 'number' && !Number.isInteger(value)) return undefined
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    return { reason: 'lost digits on its way: numbers beyond 2^53 must be given as text' }
  const whole = BigInt(typeof value === 'string' ? value.replace(/^\+/, '') : value)
  if (BigInt.asIntN(64, whole) !== whole)
    return { reason: 'must fit into 64 bits; declare a decimal for more' }
  const number = Number(whole)
  return { value: Number.isSafeInteger(number) ? number : whole }
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function same(declaration: ParameterDeclaration, allowed: string | number, value: Value): boolean {
  return isOrdered(declaration) ? compare(declaration, value, allowed) === 0 : allowed === value
}

function isOrdered({ type }: ParameterDeclaration): boolean {
  return type !== 'string' && type !== 'boolean'
}

/** Below, at or above 0 as the value is before, at or after the bound; NaN when they cannot be compared. */
function compare({ type }: ParameterDeclaration, value: Value, bound: string | number): number {
  if (type === 'date') return value === bound ? 0 : String(value) < String(bound) ? -1 : 1
  if (type === 'timestamp') {
    const [left, right] = [instantOf(String(value)), instantOf(String(bound))]
    return left === undefined || right === undefined ? Number.NaN : left < right ? -1 : left > right ? 1 : 0
  }
  return compareDecimals(String(value), String(bound))
}

/** Text that no system takes as it is: databases end it, or replace a part of it. */
function unsafeText(value: string): string | undefined {
  if (value.includes('\u0000')) return 'must not hold a NUL character'
  return value.isWellFormed() ? undefined : 'must not hold half of a surrogate pair'
}

function adHocReason(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    if (value.length > longestList) return `must have at most ${longestList} entries`
    const kinds = new Set(
      value.filter((item) => item !== null).map((item) => (isNumber(item) ? 'number' : typeof item)),
    )
    if (kinds.size > 1) return 'must be a list of values of one type'
    for (const item of value) {
      const reason = Array.isArray(item) ? 'must not be a list of lists' : adHocReason(item)
      if (reason !== undefined) return reason
    }
    return undefined
  }
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return undefined
  if (typeof value === 'number')
    return Number.isFinite(value) &&
      (!Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) >= 1e21)
      ? undefined
      : 'lost digits on its way: numbers beyond 2^53 must be given as text'
  if (typeof value !== 'string') return 'must not be an object'
  return value.length > longestText * 10
    ? `must have at most ${longestText * 10} characters`
    : unsafeText(value)
}

/** What to give, as the object of "Give": type, form, choice, and what the declaration says about it. */
function wanted(declaration: ParameterDeclaration): string {
  const { type, pattern, list, description } = declaration
  const choice =
    declaration.enum === undefined ? undefined : `one of ${listNames(declaration.enum.map(String), 20)}`
  const one =
    choice ?? `${typeSentence[type]}${pattern === undefined ? '' : ` of the form ${pattern.slice(0, 100)}`}`
  return `${list ? `a list, each entry ${one}` : one}${description === undefined ? '' : `: ${description}`}`
}

const typeSentence: Readonly<Record<ParameterDeclaration['type'], string>> = {
  string: 'a text',
  integer: 'a whole number, as a number or as text',
  number: 'a number',
  decimal: 'a decimal number as text, such as "12.50"',
  boolean: 'true or false',
  date: 'a date as text, such as "2026-10-31"',
  timestamp: 'a point in time as text, such as "2026-10-31T08:15:00Z"',
}
