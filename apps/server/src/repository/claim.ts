import type { Lane } from './lane.ts'
import type { ClaimedRun } from './repository.ts'

export interface Claim {
  readonly server: string
  readonly leaseMs: number
  /** In the order in which they are served. */
  readonly most: readonly ClaimShare[]
  /** Processes that are free. Undefined: as many as are asked for. */
  readonly processes?: number
  /** Source systems with a budget; no run that needs another one is held up. */
  readonly systems?: readonly SystemBudget[]
}

/** What a server could have at work for an application besides what it has. */
export interface ClaimShare {
  readonly application: string
  /** Runs that its processes have room for. */
  readonly runs: number
  /** For each process that may begin for it, how many must be free then. Undefined: it has `runs`, and nobody counts processes. */
  readonly processes?: readonly number[]
  /** Runs that share a process. */
  readonly runsPerProcess?: number
  /** Most runs altogether. Undefined: as many as there is room for. */
  readonly atOnce?: number
}

export interface SystemBudget {
  readonly system: string
  /** Most runs at it at once, of all applications on all servers. */
  readonly runs: number
  /** Applications by who is next for a place. */
  readonly order?: readonly string[]
}

export interface Claimed {
  readonly runs: readonly ClaimedRun[]
  /** Whether more waits, of those that were asked for, than there was room for. */
  readonly left: boolean
}

export interface Waiting {
  /** Each once. */
  readonly lanes: readonly (Lane & { readonly application: string })[]
  /** Runs under way, on any server, by the source systems that they may read. */
  readonly running: readonly { readonly system: string; readonly runs: number }[]
}
