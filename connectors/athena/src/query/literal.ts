import type { ParameterValue, Value } from '@bulkhead/connector-sdk'
import { athenaError } from '../errors.ts'

/** Longest execution parameter, characters. */
const maxLength = 1024

/**
 * The literals of SQL that stand for a value: one, or one for each value of a list. Athena takes execution parameters
 * as text that is SQL, so the writing of these literals is what keeps a value from becoming code.
 *
 * @param path  of the value, for errors
 * @throws BulkheadError `athena-parameter-invalid`; never shows the value
 * @see https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
 */
export function literalsOf(value: ParameterValue, path: string): readonly string[] {
  if (!isList(value)) return [literalOf(value, path)]
  if (value.length === 0)
    throw athenaError('athena-parameter-invalid', 'The list is empty, and IN () is no SQL', { path })
  return value.map((each, index) => literalOf(each, `${path}.${index}`))
}

function literalOf(value: Value, path: string): string {
  const literal = write(value)
  if (literal === undefined)
    throw athenaError('athena-parameter-invalid', 'The value has no literal in SQL', { path })
  if (literal.length > maxLength)
    throw athenaError(
      'athena-parameter-invalid',
      `The value is longer than ${maxLength} characters as a literal, the most that Athena takes`,
      { path },
    )
  return literal
}

/** Undefined when there is no literal for the value. */
function write(value: Value): string | undefined {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return undefined
    // with an exponent it is a double; a plain point would make it a decimal
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : exponential(value)
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed() || value.includes('\0')) return undefined
    return `'${value.replaceAll("'", "''")}'`
  }
  return `X'${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex').toUpperCase()}'`
}

function exponential(value: number): string {
  return `${Object.is(value, -0) ? '-' : ''}${value.toExponential().replace('e+', 'E').replace('e', 'E')}`
}

function isList(value: ParameterValue): value is readonly Value[] {
  return Array.isArray(value)
}
