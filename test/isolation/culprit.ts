/** What a culprit is: an application that does harm, and keeps at it until it is told to stop. */
import type { RunView } from '@bulkhead/contract'
import type { ApplicationSpec } from '../support/application-folder.ts'
import type { Served } from './served.ts'

export interface Culprit {
  readonly name: string
  readonly application: (systems: Systems) => {
    readonly spec: ApplicationSpec
    readonly files?: Readonly<Record<string, string>>
  }
  readonly begin: (stage: Stage) => Act
}

/** Systems that culprits read, which do them harm. */
export interface Systems {
  /** An HTTP API that refuses every password, and one that never ends its answer. */
  readonly refusing: string
  readonly silent: string
}

export interface Stage {
  readonly served: Served
  readonly name: string
  /** Of its application. */
  readonly folder: string
}

/** What the server has of a culprit since some moment. */
export interface Felt {
  /** Those that are not over, or ended since. */
  readonly runs: readonly RunView[]
  /** Whether a line of the server's log has all of these. */
  readonly logged: (...parts: readonly string[]) => boolean
  /** Requests that were refused because too many wait. */
  readonly refused: number
}

/** One culprit at work. */
export interface Act {
  /** Whether the server has felt it since the last mark, or since it began. */
  readonly felt: () => Promise<boolean>
  readonly mark: () => void
  /** Stops it, waits until all that it began is over, and says what of its end was wrong. */
  readonly stop: () => Promise<readonly string[]>
}
