import type { RunCommand, RunState } from '@bulkhead/contract'
import type { Generated } from 'kysely'
import type { OutboxState } from './repository.ts'
import type { RevisionOrigin } from './revision-keeping.ts'

/**
 * The tables as both databases have them: text, whole numbers, NULL. JSON is kept as the text that was written, so that
 * what is read is equal to the byte, and times are epoch milliseconds.
 */
export interface Tables {
  readonly requests: RequestTable
  readonly runs: RunTable
  readonly bodies: BodyTable
  readonly commands: CommandTable
  readonly outbox: OutboxTable
  readonly events: EventTable
  readonly log_segments: LogSegmentTable
  readonly schedules: ScheduleTable
  readonly tokens: TokenTable
  readonly applications: ApplicationTable
  readonly revisions: RevisionTable
  readonly shared_results: SharedResultTable
}

export type TableName = keyof Tables

/** Memory of requests (I4): outlives their runs' results. */
interface RequestTable {
  digest: string
  content_digest: string
  /** Of its newest attempt. */
  run_id: string
  /** Number of the newest answer; the outcome itself is the first. */
  answers: number
  /** When the newest attempt was accepted. */
  accepted_at: number
}

export interface RunTable {
  run_id: string
  application: string
  job: string | null
  revision: string
  request_digest: string
  request_id: string
  request_source: string
  attempt: number
  state: RunState
  epoch: number
  /** Set when the runner of that epoch said how it ended, so that it may say so twice. */
  outcome_epoch: number | null
  server: string | null
  lease_until: number | null
  accepted_at: number
  started_at: number | null
  finished_at: number | null
  valid_until: number | null
  progress_rows: number | null
  /** NULL: nothing is known of its progress. */
  progress_bytes: number | null
  /** When a progress message was last put into the outbox. */
  progress_told_at: number | null
  /** Number of the newest message about the attempt. */
  sequence: number
  destinations: string
  context: string | null
  actor: string
  traceparent: string | null
  reply: string | null
  delivery: string | null
  /** From then on nobody is given a link to the result, and it is removed. */
  result_gone_at: number | null
  /** When its result is to be removed, or to be tried again; NULL: there is none to remove, or none that has an end. */
  result_until: number | null
  /** Epochs in which the process of its runner died. */
  deaths: number
  /** Epochs that its server gave back because it ended: no attempts. */
  handovers: number
  /** Whose process had it last; NULL: none yet, or nobody told. */
  engine: string | null
  /** What it needs to begin; see `laneOf`. */
  lane: string
  /** NULL: when it was accepted. */
  queued_at: number | null
  /** Milliseconds in the queue, without those since `queued_at` while it is queued. */
  waited: number
  /** With what it may share a result, and for how long; NULL: with nothing. */
  reuse_key: string | null
  reuse_ms: number | null
  /** The run that it waits for; NULL: it waits for its turn, or is over. */
  waits_for: string | null
  /** The run whose result it was answered with. */
  reused_from: string | null
}

/** The newest run that made, or makes, the result of a key. */
interface SharedResultTable {
  key: string
  run_id: string
}

/** Texts of requests, apart from the runs, whose rows are read often. */
interface BodyTable {
  run_id: string
  body: string
}

interface CommandTable {
  id: string
  run_id: string
  command: RunCommand
  reason: string
  actor: string
  asked_at: number
  effective_at: number | null
}

export interface OutboxTable {
  position: Generated<number>
  /** Id of the event, and the destination behind it. */
  id: string
  run_id: string
  application: string
  destination: string
  /** `<application>/<destination>`: what is down or busy as a whole. */
  place: string
  message: string
  reply: string
  delivery: string | null
  revision: string
  request_source: string
  state: OutboxState
  tries: number
  /** Moved on by the lease of who sends it. */
  due_at: number
  written_at: number
  sent_at: number | null
  last_error: string | null
  traceparent: string | null
}

export interface EventTable {
  sequence: Generated<number>
  at: number
  application: string | null
  run_id: string | null
  type: string
  actor: string
  data: string
}

interface LogSegmentTable {
  run_id: string
  position: number
  epoch: number
  number: number
  written_at: number
  /** Length of the text in UTF-8. */
  bytes: number
  text: string
}

interface ScheduleTable {
  application: string
  trigger: string
  last_at: number
}

interface TokenTable {
  id: string
  name: string
  sha256: string
  scopes: string
  created_at: number
  expires_at: number | null
  revoked_at: number | null
}

export interface ApplicationTable {
  name: string
  /** Of the current revision; 0 before the first one. */
  number: number
  /** Of the one that was current before it, NULL: none. */
  previous: number | null
  state: 'serving' | 'removed'
  origin: RevisionOrigin
  changed_at: number
  /** JSON of the revision that was set aside, and why; NULL: none since another one was wanted. */
  aside: string | null
  /** Name of the engine that it was put on; NULL: each server's own. */
  engine: string | null
  /** JSON of the engine that it was taken from because it did not work; NULL: none since somebody decided. */
  engine_aside: string | null
}

/** Kept for long after it was replaced: a run is held to the one that it was accepted with, and any can be returned to. */
interface RevisionTable {
  application: string
  number: number
  digest: string
  origin: RevisionOrigin
  actor: string
  accepted_at: number
  /** When another took its place; NULL: it is current. */
  retired_at: number | null
  /** When a run of it was first known to have completed. */
  worked_at: number | null
  /** NULL: it works, as far as is known. */
  fault: string | null
  bundle: string
}
