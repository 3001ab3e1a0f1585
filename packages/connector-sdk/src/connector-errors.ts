import type { ConnectorError } from './connector.ts'
import { BulkheadError, type ErrorDetails, type ErrorKind } from './errors.ts'

/** What every error of a code has in common. */
export interface RegisteredError {
  readonly kind: ErrorKind
  /** See `ErrorDetails.ofConnection`. */
  readonly ofConnection?: boolean
  /** When it happens. */
  readonly meaning: string
  /** What to do about it, unless the one who throws it knows better. */
  readonly fix: string
}

/** What an error says besides its code. */
export type ConnectorErrorDetails = Omit<Partial<ErrorDetails>, 'kind' | 'code' | 'message'>

/** Errors of one connector. */
export interface ConnectorErrors<Code extends string> {
  /** For the definition of the connector, and so for `connector.json` and the documentation. */
  readonly errors: readonly ConnectorError[]
  /** An error of a registered code: its kind comes from the registry, and its fix too when none is given. */
  readonly error: (code: Code, message: string, details?: ConnectorErrorDetails) => BulkheadError
}

/**
 * The one registry of a connector's codes, each prefixed by the connector's name:
 *
 * ```ts
 * export const { errors, error: ledgerError } = connectorErrors({
 *   'ledger-unreachable': { kind: 'transient', meaning: 'Nothing answers', fix: 'Check `host`' },
 * })
 * ```
 */
export function connectorErrors<Code extends string>(
  registry: Readonly<Record<Code, RegisteredError>>,
): ConnectorErrors<Code> {
  return {
    errors: Object.entries<RegisteredError>(registry).map(([code, entry]) => ({ code, ...entry })),
    error(code, message, details = {}) {
      const { kind, fix, ofConnection = false } = registry[code]
      return new BulkheadError({ ofConnection, ...details, kind, code, message, fix: details.fix ?? fix })
    },
  }
}
