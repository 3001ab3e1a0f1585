import type { Preparation } from '@bulkhead/contract'
import type { Plan } from '@bulkhead/engine'
import { parameterAsData, shownParameter } from '@bulkhead/engine/plan/describe-plan'
import type { Redactor } from '@bulkhead/engine/secrets/redactor'

/** Longest query that the history keeps, characters. */
const longestQuery = 16 * 1024

/** What `prepare` made of a request, as reply and history have it: no value of a secret parameter (I6). */
export function preparationOf(
  { source }: Plan,
  { by, result }: NonNullable<Plan['preparation']>,
  redactor: Redactor,
): Preparation {
  const parameters = Object.entries(source.parameters).map(([name, value]) => [
    name,
    shownParameter(source, name, redactor.redactData(parameterAsData(value))),
  ])
  return {
    by,
    connection: source.name,
    parameters: Object.fromEntries(parameters) as Preparation['parameters'],
    ...(result?.fileName !== undefined && { fileName: redactor.redact(result.fileName) }),
  }
}

/** The query that `prepare` gave, for the history; undefined when it gave none. It is nothing for the requester. */
export function preparedQueryOf(plan: Plan | undefined, redactor: Redactor): string | undefined {
  const query = plan?.preparation?.result?.query
  if (query === undefined) return undefined
  const text = redactor.redact(typeof query === 'string' ? query : JSON.stringify(query))
  return text.length > longestQuery ? `${text.slice(0, longestQuery)}…` : text
}
