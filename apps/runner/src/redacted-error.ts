import { BulkheadError, type ErrorDetails } from '@bulkhead/connector-sdk'
import type { Redactor } from '@bulkhead/engine/secrets/redactor'

/** The same error without its cause, in words that may go out (I6). */
export function redactedError(error: BulkheadError, redactor: Redactor): BulkheadError {
  return new BulkheadError({
    ...redactedDetails(error, redactor),
    others: error.others.map((other) => redactedDetails(other, redactor)),
  })
}

function redactedDetails(
  { kind, code, message, path, fix, retryAfterMs }: BulkheadError | ErrorDetails,
  redactor: Redactor,
): ErrorDetails {
  return {
    kind,
    code,
    message: redactor.redact(message),
    ...(path !== undefined && { path: redactor.redact(path) }),
    ...(fix !== undefined && { fix: redactor.redact(fix) }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}
