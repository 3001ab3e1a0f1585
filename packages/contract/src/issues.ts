import { BulkheadError, type ErrorDetails, type z } from '@bulkhead/connector-sdk'
import { errorRegistry, fault, type ErrorCode } from './errors.ts'
import { fieldsAt } from './fields.ts'
import { formatPath, joinPath, valueAt, type Path } from './path.ts'
import { didYouMean, listNames, nearestName } from './suggest.ts'

/** From what a schema finds wrong to faults that a person can act on: which field, why, and how to correct it. */

export interface IssueOptions {
  /** The code of every fault that is made. */
  readonly code: ErrorCode
  readonly schema: z.core.$ZodType
  /** The document that was checked. */
  readonly value: unknown
  /** Where the document stands in a larger one: `spec.connections.ledger.config`. */
  readonly base?: string
  /** The fix of a fault that suggests nothing better; default: that of the code. */
  readonly fix?: string
  /** What to add to a message: `application.yaml:3:5`. */
  readonly place?: (path: Path) => string | undefined
}

const mostFaults = 50

/** Every fault of the document, in the order in which the schema found them, at most 50. */
export function faultsOf(issues: readonly z.core.$ZodIssue[], options: IssueOptions): ErrorDetails[] {
  return issues.flatMap((issue) => describe(issue, [], options)).slice(0, mostFaults)
}

/** One error out of several faults: the first of them, with the rest as `others`. */
export function errorOf(faults: readonly ErrorDetails[]): BulkheadError {
  const [first, ...others] = faults
  if (first === undefined) return fault('internal', 'An error without a fault')
  return new BulkheadError({ ...first, others })
}

/**
 * The value as its schema reads it.
 * @throws BulkheadError of the code that is given, with every fault
 */
export function checkedBy<T>(
  schema: z.ZodType<T>,
  value: unknown,
  options: Omit<IssueOptions, 'schema' | 'value'>,
): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw errorOf(faultsOf(parsed.error.issues, { ...options, schema, value }))
}

/** An error as data, with those that it brought along: for a list of several. */
export function detailsOf(error: BulkheadError): ErrorDetails[] {
  const { kind, code, message, path, fix, cause, others } = error
  const first = {
    kind,
    code,
    message,
    ...(path === undefined ? {} : { path }),
    ...(fix === undefined ? {} : { fix }),
    ...(cause === undefined ? {} : { cause }),
  }
  return [first, ...others]
}

/** A fault of the registry as data, for a list of several. */
export function faultDetails(
  code: ErrorCode,
  message: string,
  details: { readonly path?: string; readonly fix?: string } = {},
): ErrorDetails {
  const { kind, fix } = errorRegistry[code]
  return { fix, ...details, kind, code, message }
}

function describe(issue: z.core.$ZodIssue, outer: Path, options: IssueOptions): ErrorDetails[] {
  const path = [...outer, ...issue.path]
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path, options))
  if (issue.code === 'invalid_union') return describeUnion(issue, path, options)
  if (issue.code === 'invalid_key') {
    const [reason] = issue.issues
    return [
      detail(
        path,
        `is not a name that can be used here: ${reason?.message ?? 'invalid'}`,
        options,
        undefined,
      ),
    ]
  }
  if (issue.code === 'invalid_element')
    return issue.issues.flatMap((inner) => describe(inner, [...path, String(issue.key)], options))
  const value = valueAt(options.value, path)
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String)
    if (value === undefined) return [missing(path, options)]
    const near = typeof value === 'string' ? nearestName(value, allowed) : undefined
    return [
      detail(
        path,
        allowed.length === 1 ? `must be \`${allowed[0]}\`` : `must be one of ${listNames(allowed)}`,
        options,
        near === undefined ? undefined : `Did you mean \`${near}\`?`,
      ),
    ]
  }
  if (issue.code === 'invalid_type' && value === undefined) return [missing(path, options)]
  return [detail(path, reasonOf(issue, value), options, undefined)]
}

/** The faults of the member of a union that was most likely meant: the one that got furthest. */
function describeUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  options: IssueOptions,
): ErrorDetails[] {
  const value = valueAt(options.value, path)
  if (value === undefined) return [missing(path, options)]
  const types = issue.errors.map((errors) =>
    errors[0]?.code === 'invalid_type' && errors[0].path.length === 0 ? errors[0].expected : undefined,
  )
  if (types.every((type) => type !== undefined))
    return [
      detail(
        path,
        `must be ${[...new Set(types)].map((type) => typeNames[type] ?? type).join(' or ')}, not ${kindOf(value)}`,
        options,
      ),
    ]
  const candidates = issue.errors.filter((_, index) => types[index] === undefined)
  const best = candidates.toSorted((a, b) => distance(a) - distance(b))[0] ?? []
  return best.flatMap((inner) => describe(inner, path, options))
}

function distance(issues: readonly z.core.$ZodIssue[]): number {
  const deepest = Math.max(0, ...issues.map(({ path }) => path.length))
  return issues.length * 2 - deepest
}

function unknownKey(key: string, path: Path, options: IssueOptions): ErrorDetails {
  const known = fieldsAt(options.schema, options.value, path)
  const near = nearestName(key, known)
  return detail(
    [...path, key],
    `is not known${near === undefined ? '' : didYouMean(key, known)}`,
    options,
    near === undefined
      ? known.length > 0
        ? `Remove it; the fields here are ${listNames(known, 20)}`
        : 'Remove it'
      : `Write \`${near}\`, or remove it`,
  )
}

function missing(path: Path, options: IssueOptions): ErrorDetails {
  const parent = path.slice(0, -1)
  const own = Object.keys((valueAt(options.value, parent) as object | undefined) ?? {})
  const known = fieldsAt(options.schema, options.value, parent)
  const mistyped = own.find((key) => !known.includes(key) && nearestName(key, known) === path.at(-1))
  return detail(
    path,
    'is missing',
    options,
    mistyped === undefined
      ? 'Add the field'
      : `Add the field; did you write \`${mistyped}\` for \`${String(path.at(-1))}\`?`,
  )
}

function detail(path: Path, reason: string, options: IssueOptions, fix?: string): ErrorDetails {
  const where = joinPath(options.base ?? '', formatPath(path))
  const place = options.place?.(path)
  const instruction = fix ?? options.fix
  return faultDetails(
    options.code,
    `${where === '' ? 'The document' : `\`${where}\``} ${reason}${place === undefined ? '' : ` (${place})`}`,
    { ...(where === '' ? {} : { path: where }), ...(instruction === undefined ? {} : { fix: instruction }) },
  )
}

function reasonOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_type')
    return `must be ${typeNames[issue.expected] ?? issue.expected}, not ${kindOf(value)}`
  if (issue.code === 'too_small')
    return isCounted(issue.origin)
      ? `must have at least ${issue.minimum} ${issue.origin === 'string' ? 'characters' : 'entries'}`
      : `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
  if (issue.code === 'too_big')
    return isCounted(issue.origin)
      ? `must have at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : 'entries'}`
      : `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`
  if (issue.code === 'invalid_format' && issue.message.startsWith('Invalid'))
    return `does not have the form ${issue.format === 'regex' ? String(issue.pattern).slice(0, 100) : issue.format}`
  if (issue.code === 'not_multiple_of') return `must be a multiple of ${issue.divisor}`
  return issue.message
}

function isCounted(origin: string): boolean {
  return origin === 'string' || origin === 'array'
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  never: 'absent',
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number' && !Number.isInteger(value)) return 'a number'
  return (
    { string: 'a text', number: 'a whole number', bigint: 'a whole number', boolean: 'true or false' }[
      typeof value as string
    ] ?? 'an object'
  )
}
