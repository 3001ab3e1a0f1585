import type { Kysely, RawBuilder } from 'kysely'
import type { Change } from './repository.ts'
import type { Tables } from './tables.ts'

/**
 * What the repository does is written once, as functions of a transaction and plain data, and has two homes:
 * a thread with SQLite, and a pool of connections to PostgreSQL.
 */
export type Operation<Args, Result> = (scope: Scope, args: Args) => Promise<Result>

/** One call, inside its transaction. */
export interface Scope {
  readonly db: Kysely<Tables>
  /** The repository's clock: epoch milliseconds, the same throughout the call. */
  readonly nowMs: number
  readonly traits: Traits
  /** Listeners are told when the transaction is durable. */
  readonly changed: (change: Change) => void
}

/** How the databases differ, as far as operations see it. */
export interface Traits {
  /** Whether others write at the same time, so that rows are locked before they are judged. */
  readonly rowLocks: boolean
  /** Whether this transaction is now the only one that counts runs at source systems; undefined: it always is. */
  readonly budgetLock: RawBuilder<boolean> | undefined
  /** Which events a reader may go past: none that was numbered before it and is committed later. */
  readonly settledEvents: RawBuilder<boolean> | undefined
}
