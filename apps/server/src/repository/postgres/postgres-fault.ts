import { isBulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'

/**
 * What is done about a failure: `again` at once, because somebody else was first; `reconnect`, because the database is
 * away for now; or nothing, because it is ours.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export type PostgresFailure = 'again' | 'reconnect' | 'final'

const conflicts = new Set(['40001', '40P01', '55P03'])
/** Of classes that are about a statement otherwise: too many connections, timeout, read only standby, disk and memory. */
const away = new Set([
  '53300',
  '57014',
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '25006',
  '53100',
  '53200',
  '53000',
])

export function failureOf(error: unknown): PostgresFailure {
  if (isBulkheadError(error)) return 'final'
  const code = sqlStateOf(error)
  if (code !== undefined) {
    if (conflicts.has(code)) return 'again'
    // a later version changed the tables: what this connection has prepared is of before
    if (code === '0A000' && /cached plan/.test((error as Error).message)) return 'reconnect'
    return away.has(code) || code.startsWith('08') ? 'reconnect' : 'final'
  }
  return isLostConnection(error) ? 'reconnect' : 'final'
}

/** Undefined for what did not come from the server. */
function sqlStateOf(error: unknown): string | undefined {
  const { code, severity } = error as { readonly code?: unknown; readonly severity?: unknown }
  return severity !== undefined && typeof code === 'string' ? code : undefined
}

/** `pg` has no type for it: system errors have a code, and its own are known by their texts. */
function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, errors } = error as Error & { readonly code?: unknown; readonly errors?: readonly unknown[] }
  if (errors !== undefined) return errors.some(isLostConnection)
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return true
  return /connection terminated|timeout|not queryable|client was closed|connection error|socket/i.test(
    error.message,
  )
}

/** Says what a caller may know: that the database is away, where that is so. */
export function postgresFault(error: unknown): Error {
  if (isBulkheadError(error)) return error
  if (failureOf(error) === 'final') {
    const code = sqlStateOf(error)
    // without its detail, which quotes rows
    if (code !== undefined) return new Error(`PostgreSQL refused a statement: ${reasonOf(error)} (${code})`)
    return error instanceof Error ? error : new Error('PostgreSQL failed', { cause: error })
  }
  return fault('repository-unavailable', `PostgreSQL does not answer: ${reasonOf(error)}`, { cause: error })
}

/** At the start: what no waiting helps is told otherwise. */
export function openingFault(error: unknown): Error {
  if (isBulkheadError(error)) return error
  if (failureOf(error) !== 'final') return postgresFault(error)
  return fault('repository-unusable', `PostgreSQL cannot be used: ${reasonOf(error)}`, { cause: error })
}

function reasonOf(error: unknown): string {
  const { errors } = error as { readonly errors?: readonly unknown[] }
  const first = errors?.[0] ?? error
  return first instanceof Error ? first.message : String(first)
}
