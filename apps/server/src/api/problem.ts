import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { type ErrorCode, fault, httpStatuses, type Problem } from '@bulkhead/contract'
import { replyErrorOf } from '@bulkhead/engine/reply/reply-error'

/** Where the kind of an error says too little about what HTTP calls it. */
const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  'call-invalid': 400,
  'request-unreadable': 400,
  'token-missing': 401,
  'token-refused': 401,
  'application-unknown': 404,
  'endpoint-unknown': 404,
  'engine-unknown': 404,
  'engine-unusable': 409,
  'result-absent': 404,
  'revision-unknown': 404,
  'run-unknown': 404,
  'token-unknown': 404,
  'request-id-reused': 409,
  'plan-stale': 409,
  'run-not-over': 409,
  'run-not-retryable': 409,
  'run-over': 409,
  'result-expired': 410,
  'call-too-large': 413,
  'media-type-unsupported': 415,
}

const LONGEST_RETRY_S = 3600

/** An error as HTTP tells it. */
export interface ProblemAnswer {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>
}

/**
 * What a caller may know of an error: of a fault on this side no more than that it is one.
 * @param status  instead of the one that belongs to the error
 * @see RFC 9457; RFC 6750, 3 for `WWW-Authenticate`
 */
export function problemOf(
  error: unknown,
  more: { readonly runId?: string | undefined; readonly status?: number } = {},
): ProblemAnswer {
  const known = isBulkheadError(error) && error.kind !== 'bug' ? error : internal()
  const { documentation, message: _, ...fields } = replyErrorOf(known)
  const status = more.status ?? statuses[known.code as ErrorCode] ?? httpStatuses[known.kind]
  return {
    problem: {
      type: documentation,
      title: known.message,
      status,
      ...fields,
      ...(more.runId !== undefined && { runId: more.runId }),
      ...(known.others.length > 0 && {
        errors: known.others.map(({ code, message: text, path, fix }) => ({
          code,
          message: text,
          ...(path !== undefined && { path }),
          ...(fix !== undefined && { fix }),
        })),
      }),
    },
    headers: { ...retryAfter(known, status), ...challenge(known, status) },
  }
}

function internal(): BulkheadError {
  return fault('internal', 'Something is wrong on this side; its log says what')
}

function retryAfter({ retryAfterMs }: BulkheadError, status: number): Record<string, string> {
  if (status !== 429 && status !== 503) return {}
  const seconds = Math.ceil((retryAfterMs ?? 1000) / 1000)
  return { 'Retry-After': String(Math.min(LONGEST_RETRY_S, Math.max(1, seconds))) }
}

function challenge({ code }: BulkheadError, status: number): Record<string, string> {
  if (status !== 401) return {}
  return {
    'WWW-Authenticate': `Bearer realm="bulkhead"${code === 'token-refused' ? ', error="invalid_token"' : ''}`,
  }
}
