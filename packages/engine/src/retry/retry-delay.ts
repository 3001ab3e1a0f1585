import { isBulkheadError } from '@bulkhead/connector-sdk'
import { ExponentialBackoff } from 'cockatiel'

/** What a manifest says about attempts. */
export interface RetryRules {
  /** Attempts in all. */
  readonly attempts: number
  /** No new attempt begins after so many milliseconds. */
  readonly withinMs: number
}

export interface FailedAttempt {
  readonly error: unknown
  /** Attempts so far, this one included. */
  readonly attempts: number
  /** Milliseconds since the first one began. */
  readonly elapsedMs: number
}

/** Decides after each failure; made once for a run, because the delays grow. */
export type RetryDecision = (failed: FailedAttempt) => number | undefined

const firstDelayMs = 500
const longestDelayMs = 60_000

/**
 * How long to wait before the next attempt; undefined when there is none, because the fault is not
 * transient, or attempts or time are used up. Delays grow exponentially with decorrelated jitter, so
 * that runs that failed together do not come back together; a far side that said when is believed.
 */
export function retryDecision({ attempts, withinMs }: RetryRules): RetryDecision {
  let backoff = new ExponentialBackoff({ initialDelay: firstDelayMs, maxDelay: longestDelayMs }).next()
  return (failed) => {
    if (!isBulkheadError(failed.error)) return undefined
    const { kind, retryAfterMs } = failed.error
    if (kind !== 'transient' && kind !== 'throttled') return undefined
    if (failed.attempts >= attempts) return undefined
    const delayMs = Math.max(Math.round(backoff.duration), retryAfterMs ?? 0)
    backoff = backoff.next(undefined)
    return failed.elapsedMs + delayMs > withinMs ? undefined : delayMs
  }
}
