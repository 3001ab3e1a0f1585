import type { BulkheadError, ErrorDetails } from '@bulkhead/connector-sdk'
import type { ReplyError } from '@bulkhead/contract'

/** What the requester may know of an error: no cause, no stack. Of several faults the first, and how many more. */
export function replyErrorOf(error: BulkheadError): ReplyError {
  const { code, kind, message, retryAfterMs, path, fix, others } = error
  return {
    code,
    kind,
    message: `${message}${moreFaults(others)}`,
    retryable: error.retryable,
    ...(retryAfterMs !== undefined &&
      retryAfterMs > 0 && { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }),
    ...(path !== undefined && { path }),
    ...(fix !== undefined && { fix }),
    documentation: `docs/reference/errors.md#${code}`,
  }
}

function moreFaults(others: readonly ErrorDetails[]): string {
  if (others.length === 0) return ''
  const shown = others
    .slice(0, 4)
    .map(({ message, path }) => (path === undefined ? message : `${message} (at ${path})`))
  const rest = others.length - shown.length
  return `; also: ${shown.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`
}
