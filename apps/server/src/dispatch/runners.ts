import type {
  CheckedItems,
  Delivery,
  PreviewedRows,
  SignedLinks,
  ToldBreakers,
  waitReasons,
} from '@bulkhead/contract'
import type { RunRecord } from '../repository/repository.ts'

/**
 * The runner processes of this server, and what is asked of them: runs that they claim by themselves, and tasks,
 * because a server never loads a connector.
 */
export interface Runners extends AsyncDisposable {
  /** Takes no more runs, waits for those under way, then gives back to the queue what is left. */
  drain(waitMs: number): Promise<void>
  /** Links that the runner made a moment ago, with the end of its run; for the reply that follows, and nobody else. */
  freshLinks(application: string, delivery: Delivery): SignedLinks | undefined
  /** Fresh links, in the order of the delivery's files. */
  sign(application: string, revision: string, delivery: Delivery): Promise<SignedLinks>
  /** Removes all that lies in folders of a store. */
  cleanUp(application: string, revision: string, store: string, folders: readonly string[]): Promise<void>
  check(application: string, signal: AbortSignal): Promise<CheckedItems>
  preview(application: string, request: string, rows: number, signal: AbortSignal): Promise<PreviewedRows>
  status(): readonly RunnerStatus[]
  /** What a queued run waits for, as far as this server knows. */
  waitsFor(run: Pick<RunRecord, 'application' | 'lane'>): WaitReason
}

export interface WaitReason {
  readonly for: (typeof waitReasons)[number]
  /** For `system`: which one. */
  readonly system?: string
}

export interface RunnerStatus {
  readonly pid: number
  readonly application: string
  readonly runs: readonly string[]
  readonly startedAtMs: number
  readonly memoryBytes: number
  /** Which walls hold it: `heap`, `data`, `rss`, `cgroup`. */
  readonly walls: readonly string[]
  /** What it knows of connections that failed. */
  readonly breakers: ToldBreakers
}
