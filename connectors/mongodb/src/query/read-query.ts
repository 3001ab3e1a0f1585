import type { ParameterValue } from '@bulkhead/connector-sdk'
import { bindParameters } from './parameter.ts'
import { query as schema, type Query } from './query.ts'
import { queryInvalid } from './to-bson.ts'

/**
 * The query with every parameter as a `BoundParameter`.
 * @throws BulkheadError kind `config`, `path` beginning with `query` or `parameters`
 */
export function readQuery(written: unknown, parameters: Readonly<Record<string, ParameterValue>>): Query {
  // The references are checked as they are written; then the values take their places.
  const checked = schema.safeParse(written)
  if (!checked.success) throw invalid(checked.error, written)
  return bindParameters(checked.data, parameters) as Query
}

interface Issue {
  readonly code: string
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly errors?: readonly (readonly Issue[])[]
}

/** Of the two shapes, the faults of the one that was meant. */
function invalid(error: { readonly issues: readonly Issue[] }, written: unknown): Error {
  const meant = typeof written === 'object' && written !== null && 'aggregate' in written ? 1 : 0
  let [issue] = error.issues
  let path: readonly PropertyKey[] = issue?.path ?? []
  while (issue?.code === 'invalid_union') {
    const branch: readonly Issue[] | undefined = issue.errors?.[path.length === 0 ? meant : 0]
    issue = branch?.[0]
    path = [...path, ...(issue?.path ?? [])]
  }
  return queryInvalid(
    `The query is not { collection, find } or { collection, aggregate }: ${issue?.message ?? 'it is no object'}`,
    ['query', ...path].join('.'),
  )
}
