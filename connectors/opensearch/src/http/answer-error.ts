import type { BulkheadError } from '@bulkhead/connector-sdk'
import { opensearchError } from '../errors.ts'

/** An answer that is no result, read as far as it is understood. */
export interface Refusal {
  readonly status: number
  /** Type of the error, and of what caused it: `index_not_found_exception`. */
  readonly types: readonly string[]
  /** The server's own words, of the innermost cause that has some. */
  readonly reason: string
  readonly retryAfterMs: number | undefined
}

/** Longest wait that a server is believed. */
const MOST_WAIT_MS = 3_600_000

export function refusalOf(status: number, body: Buffer, retryAfter: string | undefined): Refusal {
  const answer = parse(body)
  const causes = causesOf(answer)
  // what AWS has before the server says no more than this
  const message = fieldOf(answer, 'message') ?? fieldOf(answer, 'Message')
  return {
    status,
    types: causes.map(({ type }) => type),
    reason:
      causes.findLast(({ reason }) => reason !== '')?.reason ?? (typeof message === 'string' ? message : ''),
    retryAfterMs: waitOf(retryAfter),
  }
}

/** What AWS has before the server says so, in words of its own. */
export function isSignatureRefused({ status, types, reason }: Refusal): boolean {
  return status === 403 && types.length === 0 && /signature|security token|credential/i.test(reason)
}

/** Whether the same request may succeed in a moment, at this node or another one. */
export function isPassing({ status }: Refusal): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504
}

/** @param hasLogin  whether the request said who asks */
export function refusalError(refusal: Refusal, hasLogin: boolean): BulkheadError {
  const { status, types, retryAfterMs } = refusal
  const type = types.at(-1) ?? `status ${status}`
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  const has = (...known: string[]): boolean => known.some((name) => types.includes(name))

  if (status === 401)
    return hasLogin
      ? opensearchError('opensearch-login-refused', 'The server refuses the login', { path: 'config' })
      : opensearchError('opensearch-login-missing', 'The server asks for a login, and there is none', {
          path: 'config',
        })
  if (isSignatureRefused(refusal))
    return opensearchError('opensearch-login-refused', 'AWS refuses the signature', { path: 'config.aws' })
  if (status === 403)
    return opensearchError(
      'opensearch-permission-denied',
      `The server denies the request${permissionOf(refusal)}`,
      {
        path: 'config',
      },
    )
  if (has('search_context_missing_exception'))
    return opensearchError('opensearch-snapshot-lost', 'The server no longer knows the point in time')
  if (has('task_cancelled_exception'))
    return opensearchError(
      'opensearch-request-timeout',
      'The server gave up the search after the time for one answer',
      {
        path: 'config.requestTimeout',
      },
    )
  if (status === 429)
    return opensearchError('opensearch-busy', `The server has too much to do (${type})`, wait)
  if (status === 502 || status === 503 || status === 504)
    return opensearchError('opensearch-unavailable', `The cluster is not available (${type})`, wait)
  if (has('index_not_found_exception'))
    return opensearchError('opensearch-index-unknown', 'There is no such index', { path: 'query.index' })
  // how the server answers when a pattern matches nothing
  if (status === 400 && has('null_pointer_exception'))
    return opensearchError('opensearch-index-unknown', 'No index matches the pattern', {
      path: 'query.index',
    })
  if (has('index_closed_exception'))
    return opensearchError('opensearch-index-closed', 'The index is closed', { path: 'query.index' })
  if (status >= 500)
    return opensearchError('opensearch-server-error', `The server failed inside (${type}, status ${status})`)
  return opensearchError(
    'opensearch-request-refused',
    `The server refuses the request (${type}, status ${status})`,
    {
      path: 'query',
    },
  )
}

/** The right that is missing, as the security plugin says it; nothing else of its text. */
function permissionOf({ reason }: Refusal): string {
  const [, permission] = /no permissions for \[([\w:/*., -]{1,200})\]/.exec(reason) ?? []
  return permission === undefined ? '' : `: the right ${permission} is missing`
}

interface Cause {
  readonly type: string
  readonly reason: string
}

/** From the outermost to the innermost; of several shards the first. */
function causesOf(answer: unknown, depth = 0): Cause[] {
  const error = fieldOf(answer, 'error') ?? answer
  if (typeof error === 'string') return [{ type: 'error', reason: error }]
  if (typeof error !== 'object' || error === null || depth > 10) return []
  const type = fieldOf(error, 'type')
  // the SQL plugin says there what it means
  const reason = fieldOf(error, 'details') ?? fieldOf(error, 'reason')
  const [shard] = asList(fieldOf(error, 'failed_shards'))
  const own = typeof type === 'string' ? [{ type, reason: typeof reason === 'string' ? reason : '' }] : []
  return [
    ...own,
    ...causesOf(fieldOf(shard, 'reason'), depth + 1),
    ...causesOf(fieldOf(error, 'caused_by'), depth + 1),
  ]
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

function waitOf(written: string | undefined): number | undefined {
  if (written === undefined) return undefined
  const ms = /^\d+$/.test(written) ? Number(written) * 1000 : Date.parse(written) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.min(MOST_WAIT_MS, Math.max(0, ms))
}
