import { opensearchError } from '../errors.ts'

/** What surrounds the hits of a page. */
type Frame = Readonly<Record<string, unknown>>

/**
 * That the answer is of all shards, and whole.
 * @throws BulkheadError `opensearch-partial-result`
 */
export function checkFrame(frame: Frame): void {
  const shards = frame['_shards'] as
    | { readonly total?: number; readonly successful?: number; readonly failed?: number }
    | undefined
  if (shards === undefined || frame['hits'] === undefined)
    throw opensearchError('opensearch-unexpected-answer', 'The answer to a search has no hits or no shards')
  const { total = 0, successful = 0, failed = 0 } = shards
  if (failed > 0 || successful < total) {
    throw opensearchError(
      'opensearch-partial-result',
      `Of ${total} shards ${total - successful} did not answer`,
    )
  }
  if (frame['timed_out'] === true || frame['terminated_early'] === true)
    throw opensearchError('opensearch-partial-result', 'The server answered before it was done')
}

/** How many documents there are. */
export function totalOf(frame: Frame): number {
  const { total } = frame['hits'] as {
    readonly total?: { readonly value?: number; readonly relation?: string }
  }
  if (typeof total?.value !== 'number' || total.relation !== 'eq')
    throw opensearchError(
      'opensearch-unexpected-answer',
      'The server does not say how many documents there are',
    )
  return total.value
}

/** How many shards answered, those without documents included. */
export function shardsIn(frame: Frame): number {
  return (frame['_shards'] as { readonly total: number }).total
}
