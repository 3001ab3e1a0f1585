import { opensearchError } from '../errors.ts'

/** @throws BulkheadError `opensearch-not-a-server` when an answer that means success is no JSON object */
export function jsonBody(answer: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(answer.toString())
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // what is no JSON comes from something else
  }
  throw opensearchError('opensearch-not-a-server', 'What answers is not OpenSearch: it sends no JSON', {
    path: 'config.nodes',
  })
}
