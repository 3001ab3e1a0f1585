/**
 * The one error type of Bulkhead. `kind` says what the engine does with it, `code` is stable and
 * registered once: by the platform in `contract`, by a connector in its `connector.json`, prefixed
 * with the connector's name.
 */

/**
 * What the engine does, by kind:
 * - `config`, `policy`, `auth`: fails the run, shows `path` and `fix`, tells the owner
 * - `environment`: fails the run, says what is missing on this machine
 * - `transient`, `throttled`: backs off and tries again; `retryAfterMs` when the far side said when
 * - `record`: these records are unacceptable, others may be fine
 * - `cancelled`: stops and cleans up
 * - `quota`: refused for now
 * - `bug`: fails the run and keeps the evidence
 */
export const errorKinds = [
  'config',
  'policy',
  'auth',
  'environment',
  'transient',
  'throttled',
  'record',
  'cancelled',
  'quota',
  'bug',
] as const
export type ErrorKind = (typeof errorKinds)[number]

export interface ErrorDetails {
  readonly kind: ErrorKind
  /** Lower-case words with hyphens, such as `parameter-missing` or `postgres-password-refused`. */
  readonly code: string
  /** Sentence case, no full stop, what and which. Fit for the requester: no secret, no row data. */
  readonly message: string
  /** Where in the request or the manifest, as a path such as `spec.connections.ledger.config.host`. */
  readonly path?: string
  /** What to do about it, as an instruction. */
  readonly fix?: string
  /** How long to wait before the next attempt, when the far side said so. */
  readonly retryAfterMs?: number
  /**
   * The system cannot be reached, does not answer, or asks for less: a fault of the connection, whatever was asked of
   * it. Circuit breakers count these and no others.
   */
  readonly ofConnection?: boolean
  /** Several faults found at once, the first of them being this one. */
  readonly others?: readonly ErrorDetails[]
  readonly cause?: unknown
}

const brand = Symbol.for('bulkhead.error')

/** An error with a kind, a code, a place and a fix. Tell one by `isBulkheadError`, never by `instanceof`. */
export class BulkheadError extends Error {
  readonly kind: ErrorKind
  readonly code: string
  readonly path: string | undefined
  readonly fix: string | undefined
  readonly retryAfterMs: number | undefined
  readonly ofConnection: boolean
  readonly others: readonly ErrorDetails[]

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'BulkheadError'
    this.kind = details.kind
    this.code = details.code
    this.path = details.path
    this.fix = details.fix
    this.retryAfterMs = details.retryAfterMs
    this.ofConnection = details.ofConnection ?? false
    this.others = details.others ?? []
    Object.defineProperty(this, brand, { value: true })
  }

  /** Whether the same request may succeed later without anyone changing anything. */
  get retryable(): boolean {
    return this.kind === 'transient' || this.kind === 'throttled' || this.kind === 'quota'
  }
}

/** Works across copies of this package: a connector may bring its own. */
export function isBulkheadError(error: unknown): error is BulkheadError {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true
}

/** The error of a run that was asked to stop. */
export function cancelled(message = 'The run was cancelled', cause?: unknown): BulkheadError {
  return new BulkheadError({ kind: 'cancelled', code: 'cancelled', message, cause })
}
