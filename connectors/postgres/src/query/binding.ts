import type { ParameterValue, Value } from '@bulkhead/connector-sdk'
import { postgresError } from '../errors.ts'
import type { Statement } from '../session/session.ts'
import type { TypesByOid } from './server-type.ts'

/**
 * Parameters of a COPY, which binds nothing by itself: each value is bound to a setting of the
 * transaction, and the query reads the setting. Values never enter SQL text.
 */
export interface Binding {
  /** Sets the values, and proves that each is one of its type. */
  readonly statements: readonly Statement[]
  /** The parameter that each of the statements is about. */
  readonly names: readonly string[]
  /** The type that each of them must be taken as. */
  readonly types: readonly string[]
  /** What stands in the query for `:name`. */
  readonly replacement: (name: string) => string
}

/**
 * @param names  in the order of their numbers
 * @param oids   what the server inferred for each
 * @throws BulkheadError `postgres-parameter-invalid` for a list that is used as a single value, or text that no server takes
 */
export function bindParameters(
  names: readonly string[],
  oids: readonly number[],
  types: TypesByOid,
  values: Readonly<Record<string, ParameterValue>>,
): Binding {
  const statements: Statement[] = []
  const bound: { readonly name: string; readonly type: string }[] = []
  const replacements = new Map<string, string>()
  for (const [index, name] of names.entries()) {
    const type = types.get(oids[index] ?? 0)
    if (type === undefined) throw postgresError('postgres-protocol', 'A parameter has no type')
    const value = values[name] ?? null
    if (value === null) {
      // A setting cannot be null.
      replacements.set(name, `(NULL::${type.name})`)
      continue
    }
    if (Array.isArray(value) && !type.isArray)
      throw postgresError(
        'postgres-parameter-invalid',
        `The parameter ${name} is a list, and the query uses it as ${type.name}`,
        { path: `parameters.${name}`, fix: `Write = ANY(:${name}), or :${name}::${type.name}[]` },
      )
    const setting = `bulkhead.p${index + 1}`
    statements.push({
      run: `SELECT pg_catalog.set_config('${setting}', $1, true)::${type.name} IS NULL`,
      values: [parameterText(name, value)],
    })
    bound.push({ name, type: type.name })
    replacements.set(name, `(pg_catalog.current_setting('${setting}')::${type.name})`)
  }
  return {
    statements,
    names: bound.map(({ name }) => name),
    types: bound.map(({ type }) => type),
    replacement: (name) => replacements.get(name) ?? '',
  }
}

/** A value as the input functions of the server read it. */
function parameterText(name: string, value: Exclude<ParameterValue, null>): string {
  const text = Array.isArray(value)
    ? `{${value.map((item: Value) => (item === null ? 'NULL' : quoteElement(scalarText(item)))).join(',')}}`
    : scalarText(value as Exclude<Value, null>)
  if (text.includes('\0') || !text.isWellFormed())
    throw postgresError(
      'postgres-parameter-invalid',
      `The parameter ${name} holds a character that no text may hold`,
      {
        path: `parameters.${name}`,
        fix: 'Leave out NUL characters and single halves of surrogate pairs',
      },
    )
  return text
}

function scalarText(value: Exclude<Value, null>): string {
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  // String(-0) would lose its sign.
  return Object.is(value, -0) ? '-0' : String(value)
}

function quoteElement(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
