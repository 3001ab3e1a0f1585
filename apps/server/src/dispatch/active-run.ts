import { parseDuration, type RunWork } from '@bulkhead/contract'
import type { ClaimedRun, RenewedRun, RunRecord } from '../repository/repository.ts'
import type { ServedApplication } from '../applications/applications.ts'
import type { RunnerProcess } from './runner-process.ts'

/** A run that this server has claimed and not yet ended. */
export interface ActiveRun {
  readonly record: RunRecord
  readonly claimed: ClaimedRun
  readonly one: ServedApplication
  /** Whether it needs a process of its own. */
  readonly alone: boolean
  /** Longest time that its application lets a run take, milliseconds. */
  readonly limitMs: number
  /** Undefined while it waits for one. */
  process: RunnerProcess | undefined
  /** When it was given to its process, milliseconds of the monotonic clock. */
  givenAtMs: number
  /** When its runner last reported it, milliseconds of the monotonic clock. */
  heardAtMs: number
  startedAtMs: number | undefined
  progress: RunRecord['progress']
  /** It is another's, as the repository says; its runner is told with the next heartbeat. */
  lost: boolean
  commands: RenewedRun['commands']
  /** Ids of commands that its runner has obeyed, and need not be told again; with the end of the run they are effective. */
  readonly obeyed: Set<string>
  /** Of segments of its log. */
  segments: number
  /** Its outcome is on its way to the repository. */
  finishing: Promise<unknown> | undefined
}

export function activeRun(claimed: ClaimedRun, one: ServedApplication, alone: boolean): ActiveRun {
  const { run: record } = claimed
  return {
    record,
    claimed,
    one,
    alone,
    limitMs: parseDuration(one.application.manifest.spec.policy.limits.time),
    process: undefined,
    givenAtMs: 0,
    heardAtMs: 0,
    startedAtMs: undefined,
    progress: undefined,
    lost: false,
    commands: [],
    obeyed: new Set(),
    segments: 0,
    finishing: undefined,
  }
}

export interface GivenRun extends Pick<RunWork, 'token' | 'leaseMs'> {
  readonly leftFolders: readonly string[]
}

/** The run as its runner gets it. */
export function runWorkOf(
  { record, claimed, one, alone }: ActiveRun,
  { token, leaseMs, leftFolders }: GivenRun,
): RunWork {
  const { environment } = one.application
  return {
    kind: 'run',
    application: record.application,
    revision: one.revision,
    ...(environment !== undefined && { environment }),
    runId: record.runId,
    attempt: record.attempt,
    epoch: record.epoch,
    token,
    leaseMs,
    request: claimed.body,
    acceptedAtMs: record.acceptedAtMs,
    leftFolders: [...leftFolders],
    alone,
  }
}

/** Runs by application. */
export function countRuns(runs: Iterable<ActiveRun>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { record } of runs) counts.set(record.application, (counts.get(record.application) ?? 0) + 1)
  return counts
}
