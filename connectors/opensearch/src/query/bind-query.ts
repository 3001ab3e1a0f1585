import { bindObjectParameters, type ParameterValue } from '@bulkhead/connector-sdk'
import { opensearchError } from '../errors.ts'
import { checkScripts } from './check-scripts.ts'
import { type BoundQuery, boundQuery, query as writtenQuery } from './query.ts'

/**
 * Binds the parameters and checks the query as far as that goes without the server.
 * @throws BulkheadError kind `config` or `policy`, `path` beginning with `query` or `parameters`
 */
export function bindQuery(
  written: unknown,
  parameters: Readonly<Record<string, ParameterValue>>,
  scripts: 'refuse' | 'allow',
): BoundQuery {
  const parsed = writtenQuery.safeParse(written)
  if (!parsed.success) throw invalid(parsed.error.issues[0])
  const { sort } = parsed.data
  checkScripts({ query: parsed.data.query, sort }, scripts)
  checkSort(sort)
  const bound = boundQuery.safeParse(bindObjectParameters(written, parameters))
  if (!bound.success) throw invalid(bound.error.issues[0])
  checkBoundNames(parsed.data.index, bound.data)
  return bound.data
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** Messages of the schema name keys and types, never a value. */
function invalid(issue: Issue | undefined): Error {
  const path = ['query', ...(issue?.path ?? []).map(String)].join('.')
  return opensearchError('opensearch-query-invalid', `The query is not of its form at ${path}`, {
    path,
    fix: `Correct it: ${(issue?.message ?? 'see the documentation of the connector').slice(0, 300)}`,
  })
}

/** The order of the index is the connector's own, with what makes it whole: see `search/order.ts`. */
function checkSort(sort: BoundQuery['sort']): void {
  for (const [place, key] of (sort ?? []).entries()) {
    const names = typeof key === 'string' ? [key] : Object.keys(key)
    if (names.some((name) => name === '_doc' || name === '_shard_doc')) {
      throw opensearchError('opensearch-query-invalid', 'The query sorts by the place in the index', {
        path: `query.sort.${place}`,
        fix: 'Leave it out: documents come in this order when there is no other, and ties are broken by it',
      })
    }
    if (typeof key !== 'string' && JSON.stringify(key).includes('"$param"')) {
      throw opensearchError('opensearch-parameter-refused', 'A parameter stands in the order', {
        path: `query.sort.${place}`,
      })
    }
  }
}

/** A pattern in a parameter would read more than the author of the query meant. */
function checkBoundNames(written: unknown, { index }: BoundQuery): void {
  const names = [index].flat()
  for (const [place, given] of [written].flat().entries()) {
    if (typeof given !== 'string' && /\*/.test(names[place] ?? '')) {
      throw opensearchError(
        'opensearch-parameter-refused',
        'A parameter that names an index holds a pattern',
        {
          path: Array.isArray(written) ? `query.index.${place}` : 'query.index',
        },
      )
    }
  }
}
