import { z } from './schema.ts'
import { BulkheadError } from './errors.ts'
import type { ParameterValue } from './source.ts'

/**
 * Parameters of a query that is an object: `{ "$param": "month" }` stands for a whole value. Keys and
 * texts are never templated, and a parameter is a scalar or a list of scalars, so that it never
 * becomes an operator of the query.
 */

/** Deepest nesting of a query; beyond it, it is an accident or an attack. */
const MAX_DEPTH = 64

/** Schema of the reference, for the `query` schema of a connector. */
export const parameterReference = z
  .strictObject({ $param: z.string().min(1).describe('Name of a parameter') })
  .describe('Stands for the whole value of a parameter')

/** A schema that takes the reference too: what users write, before the parameters are bound. */
export function orParameter<T extends z.ZodType>(schema: T): z.ZodUnion<[T, typeof parameterReference]> {
  return z.union([schema, parameterReference])
}

/**
 * Puts the parameters into a query. The query itself is not changed.
 * @returns the query with every `{ "$param": name }` replaced by the parameter's value
 * @throws BulkheadError kind `config`: `parameter-missing` when a name has no value,
 *   `parameter-unknown` when a parameter that was given stands nowhere, `query-invalid` when `$param`
 *   has no name, or has company
 */
export function bindObjectParameters(
  query: unknown,
  parameters: Readonly<Record<string, ParameterValue>>,
): unknown {
  const used = new Set<string>()
  const bound = bind(query, parameters, used, 'query', 0)
  const unused = Object.keys(parameters).filter((name) => !used.has(name))
  if (unused.length > 0) {
    throw new BulkheadError({
      kind: 'config',
      code: 'parameter-unknown',
      message: `The query does not use the parameters: ${unused.join(', ')}`,
      path: `parameters.${unused[0]}`,
      fix: 'Remove them, or use them in the query as { "$param": "NAME" }',
    })
  }
  return bound
}

function bind(
  value: unknown,
  parameters: Readonly<Record<string, ParameterValue>>,
  used: Set<string>,
  path: string,
  depth: number,
): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (depth > MAX_DEPTH) throw invalid(path, `The query is nested deeper than ${MAX_DEPTH} levels`)
  if (Array.isArray(value)) {
    return value.map((item, index) => bind(item, parameters, used, `${path}.${index}`, depth + 1))
  }
  if (Object.hasOwn(value, '$param')) return resolve(value as { $param: unknown }, parameters, used, path)
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      bind(item, parameters, used, `${path}.${key}`, depth + 1),
    ]),
  )
}

function resolve(
  reference: { readonly $param: unknown },
  parameters: Readonly<Record<string, ParameterValue>>,
  used: Set<string>,
  path: string,
): ParameterValue {
  const name = reference.$param
  if (typeof name !== 'string' || name === '') throw invalid(path, '$param is not the name of a parameter')
  if (Object.keys(reference).length > 1) throw invalid(path, '$param has other fields beside it')
  const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
  if (value === undefined) {
    throw new BulkheadError({
      kind: 'config',
      code: 'parameter-missing',
      message: `The query uses the parameter ${name}, which has no value`,
      path,
      fix: `Give the parameter ${name}`,
    })
  }
  used.add(name)
  return value
}

function invalid(path: string, message: string): BulkheadError {
  return new BulkheadError({
    kind: 'config',
    code: 'query-invalid',
    message,
    path,
    fix: 'Write { "$param": "name" } in place of a whole value',
  })
}
