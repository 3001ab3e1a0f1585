import { type ParameterValue, parseSqlText } from '@bulkhead/connector-sdk'
import { placeholdersIn } from './file-name.ts'

/**
 * The parameters that the source gets. Sources refuse one that the query does not use, since it is most
 * often a slip; one that stands in the file's name instead is used, and is not theirs.
 *
 * @param fileName  as job or request say, with `{name}` for a parameter
 */
export function sourceParameters(
  query: unknown,
  fileName: string | undefined,
  values: Readonly<Record<string, ParameterValue>>,
): Readonly<Record<string, ParameterValue>> {
  const named = new Set(placeholdersIn(fileName ?? ''))
  if (named.size === 0) return values
  const asked = parametersAskedFor(query)
  return Object.fromEntries(Object.entries(values).filter(([name]) => asked.has(name) || !named.has(name)))
}

/** Names of the parameters that a query uses, in SQL text or an object. */
export function parametersAskedFor(query: unknown): ReadonlySet<string> {
  if (typeof query === 'string') return new Set(parseSqlText(query).names)
  const names = new Set<string>()
  // The replacer sees every value of the object, however deep.
  JSON.stringify(query, (key, value: unknown) => {
    if (key === '$param' && typeof value === 'string') names.add(value)
    return value
  })
  return names
}
