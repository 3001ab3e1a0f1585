import type { RunRecord } from './repository.ts'

/** What the repository does for requests that share a result (D21). */
export interface ResultSharing {
  /**
   * Looks at runs that wait for an identical one which is over: answered with what it made, or run themselves, one of those
   * that wait for the same.
   * @param most  looked at; `more` says whether others are left
   */
  settleWaiting(most: number): Promise<SettledRuns>
}

/** Identical requests of an application have the same key, and one result for them all within the time. */
export interface ReuseOfResult {
  /** Digest of all that decides the result, and of who may have it. */
  readonly key: string
  /** Counted from when the run of the result began to read. */
  readonly withinMs: number
  /** Takes no earlier result; later ones may take its own. */
  readonly fresh: boolean
}

export interface SettledRuns {
  readonly answered: readonly RunRecord[]
  readonly more: boolean
}
