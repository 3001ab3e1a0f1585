import { opensearchError } from '../errors.ts'

/** Clauses that carry code. A field of such a name cannot be told from them, and is refused too. */
const scriptKeys = new Set(['script', 'script_score', '_script', 'minimum_should_match_script'])
/** Clauses whose content is a query in disguise: nothing in it could be checked. */
const hiddenKeys = new Set(['wrapper', 'template'])
/** Where values of a script stand, which are no code. */
const VALUES = 'params'
/** Deepest nesting; the binder of the SDK refuses less. */
const MAX_DEPTH = 100

/**
 * Looks for scripts in a query. Scripts of OpenSearch cannot write; they can run for as long as they
 * like, and a parameter in their text would be code of whoever sends the request.
 *
 * @throws BulkheadError `opensearch-scripts-refused`, `opensearch-parameter-refused`
 */
export function checkScripts(query: unknown, scripts: 'refuse' | 'allow'): void {
  check(query, 'query', scripts, false, 0)
}

function check(
  value: unknown,
  path: string,
  scripts: 'refuse' | 'allow',
  inScript: boolean,
  depth: number,
): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_DEPTH) {
    throw opensearchError('opensearch-query-invalid', `The query is nested deeper than ${MAX_DEPTH} levels`, {
      path: path.slice(0, 200),
    })
  }
  for (const [key, item] of Object.entries(value)) {
    const at = depth === 0 ? `query.${key}` : `${path}.${key}`
    if (hiddenKeys.has(key)) {
      throw opensearchError('opensearch-scripts-refused', `The query hides another one in ${key}`, {
        path: at,
        fix: 'Write the query itself',
      })
    }
    if (inScript && key === '$param') {
      throw opensearchError('opensearch-parameter-refused', 'A parameter stands in the code of a script', {
        path,
      })
    }
    const isScript = scriptKeys.has(key)
    if (isScript && scripts === 'refuse') {
      throw opensearchError('opensearch-scripts-refused', `The query carries a script at ${at}`, { path: at })
    }
    check(item, at, scripts, isScript || (inScript && key !== VALUES), depth + 1)
  }
}
