import type { QueryExecutionStatus } from '@aws-sdk/client-athena'
import type { BulkheadError } from '@bulkhead/connector-sdk'
import { athenaError } from '../errors.ts'

/**
 * Errors whose message speaks about the text of the query. Others may quote a value of a row
 * (`Cannot cast 'Ada' to BIGINT`), and only their names are shown.
 */
const aboutText = new Set([
  'SYNTAX_ERROR',
  'COLUMN_NOT_FOUND',
  'TABLE_NOT_FOUND',
  'SCHEMA_NOT_FOUND',
  'CATALOG_NOT_FOUND',
  'FUNCTION_NOT_FOUND',
  'TYPE_MISMATCH',
  'TYPE_NOT_FOUND',
  'MISSING_COLUMN_NAME',
  'MISSING_TABLE',
  'MISSING_GROUP_BY',
  'AMBIGUOUS_NAME',
  'DUPLICATE_COLUMN_NAME',
  'DUPLICATE_NAMED_QUERY',
  'EXPRESSION_NOT_AGGREGATE',
  'EXPRESSION_NOT_SCALAR',
  'INVALID_COLUMN_REFERENCE',
  'NOT_SUPPORTED',
])

/** What a query that Athena ran and that failed means. */
export function failureOf(
  id: string,
  { StateChangeReason = '', AthenaError }: QueryExecutionStatus,
): BulkheadError {
  const name = /^(?:FAILED: )?([A-Z][A-Z0-9_]{3,60})(?::|$)/.exec(StateChangeReason)?.[1]
  const text = oneLine(StateChangeReason)
  if (name !== undefined && aboutText.has(name))
    return athenaError('athena-query-invalid', `Athena refuses the query: ${text}`, { path: 'query' })
  // engine 3 also says so without a name: `line 1:8: mismatched input 'FORM'`
  if (/^line \d+:\d+: (mismatched input|extraneous input|no viable alternative|missing )/.test(text))
    return athenaError('athena-query-invalid', `Athena refuses the query: ${text}`, { path: 'query' })
  if (/\bAccess ?Denied\b|not authorized|Insufficient (Lake ?Formation )?permission/i.test(StateChangeReason))
    return athenaError(
      'athena-access-denied',
      `The query ${id} lacks a right on the catalog or the data${shown(name)}`,
    )
  if (/output location|output bucket|verify\/create output/i.test(StateChangeReason))
    return athenaError('athena-output-location', `Athena cannot write the result of query ${id}`, {
      path: 'config.outputLocation',
    })
  // 1 is a fault of Athena's, 2 one of the query or its data
  const again = AthenaError?.Retryable === true || AthenaError?.ErrorCategory === 1
  return again
    ? athenaError('athena-query-broken', `Athena failed while query ${id} ran${shown(name)}`)
    : athenaError('athena-query-failed', `The query ${id} failed while it ran${shown(name)}`, {
        path: 'query',
      })
}

function shown(name: string | undefined): string {
  return name === undefined ? '' : `: ${name}`
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '').slice(0, 500)
}
