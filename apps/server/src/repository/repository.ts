import type { FinalState, RunCommand, RunOutcome, RunState, StoredReply, Delivery } from '@bulkhead/contract'
import type { Claim, Claimed, Waiting } from './claim.ts'
import type { Lane } from './lane.ts'
import type { ResultSharing, ReuseOfResult } from './result-sharing.ts'
import type { RevisionKeeping } from './revision-keeping.ts'

/**
 * What the server remembers. One port, kept by SQLite for one server and by PostgreSQL for several; every call is
 * one transaction, durable when it resolves. Arguments and results are plain data, because SQLite lives in a
 * thread of its own that commits waiting calls in groups. Times are epoch milliseconds of the repository's clock.
 *
 * Every change of state writes its event into `events` in the same transaction; outbox, live view and audit
 * read that table and what was written with it.
 */
export interface Repository extends RevisionKeeping, ResultSharing, AsyncDisposable {
  /** One line about what answered. @throws BulkheadError `repository-unavailable` */
  check(): Promise<string>

  /**
   * Takes a request, or says what became of it before (I4): `contract.md`, "Same request again".
   * With a new attempt come its run in state `queued`, its event, and an `accepted` message where asked.
   *
   * @throws BulkheadError `queue-full` for a new attempt when as many wait as may; a repeat is answered even then
   */
  accept(request: AcceptRequest): Promise<Accepted>
  /** A request that is refused for good without a runner: its run is `failed` at once, its answer in the outbox (I3). */
  refuse(request: AcceptRequest, reply: StoredReply): Promise<Accepted>
  /** Runs of this application that wait. */
  queued(application: string): Promise<number>

  /** Takes up to `most` waiting runs of each application, oldest first, for this server: each with a new epoch (I2). */
  claim(claim: Claim): Promise<Claimed>
  /** Who of the applications waits, and how much is taken of what runs wait for. */
  waiting(applications: readonly string[]): Promise<Waiting>
  /** Prolongs leases and keeps progress. Answers for each run whether it is still held, and its open commands. */
  renew(renewal: Renewal): Promise<readonly RenewedRun[]>
  /** The outcome of a run, its answers in the outbox, in one transaction; nothing of it when the epoch is not the run's (I2, I3). */
  finish(finish: FinishedRun): Promise<'finished' | 'lease-lost'>
  /**
   * Runs that their server cannot bring to an end: back into the queue at once, or failed when begun too often.
   * @returns those that are over by it
   */
  lose(runs: readonly LostRun[], policy: RecoveryPolicy): Promise<readonly LeftRun[]>
  /** The same for every run whose lease ran out, whoever held it. */
  recover(policy: RecoveryPolicy): Promise<Recovered>
  /** After an outage of the repository nobody could renew: every lease gets one more period. */
  prolongAll(leaseMs: number): Promise<void>

  /** Keeps a command until it is effective; a waiting run is cancelled at once. @returns the command's id, or why not */
  command(command: NewCommand): Promise<CommandTaken>
  commandEffective(ids: readonly string[]): Promise<void>
  /** A new attempt of a run that failed or was cancelled. @returns undefined when there is nothing to try again */
  retry(runId: string, actor: Actor, newRunId: string): Promise<RunRecord | undefined>

  run(runId: string): Promise<RunRecord | undefined>
  /** Newest first. */
  runs(query: RunQuery): Promise<Page<RunRecord>>
  /** Oldest first, after a sequence number: history of a run, audit, live view. */
  events(query: EventQuery): Promise<Page<RepositoryEvent>>
  appendLog(segments: readonly LogSegment[]): Promise<void>
  /** Oldest first; a run keeps at most `mostLogBytes`, the beginning and the end. */
  log(runId: string, after: number, most: number): Promise<Page<StoredLogSegment>>

  /** Messages that are due, for this server to send: leased, so that no other sends them meanwhile. */
  takeMessages(take: {
    readonly server: string
    readonly most: number
    readonly leaseMs: number
    /** Destinations, `<application>/<destination>`, that are down or busy: theirs stay where they are, so that they hold up no other. */
    readonly except?: readonly string[]
  }): Promise<readonly OutboxMessage[]>
  messagesSent(ids: readonly string[]): Promise<void>
  /** Of those that were taken and not tried: due again at once, here or elsewhere. */
  giveBackMessages(ids: readonly string[]): Promise<void>
  /** @param givenUp  the destination will not have it; it is shown among the failed replies, and can be sent again */
  messageFailed(failure: {
    readonly id: string
    readonly error: string
    readonly retryAt: number
    readonly givenUp: boolean
  }): Promise<void>
  messages(query: {
    readonly runId?: string
    readonly application?: string
    readonly state?: OutboxState
    readonly after?: string
    readonly most: number
  }): Promise<Page<OutboxMessage>>
  /** How much is `due` and `failed`, for metrics; one entry for each of the two. */
  outbox(): Promise<readonly OutboxDepth[]>
  /** A fresh message with the outcome of a run, as for a repeated request, to every destination or to one. */
  resend(runId: string, actor: Actor, destinations: readonly string[]): Promise<number>

  /** Moves the memory of a schedule on, when nobody else did. @returns whether it was this caller */
  fired(schedule: {
    readonly application: string
    readonly trigger: string
    readonly after: number | undefined
    readonly at: number
  }): Promise<boolean>
  lastFired(application: string, trigger: string): Promise<number | undefined>

  addToken(token: TokenRecord, actor: Actor): Promise<void>
  tokenByHash(sha256: string): Promise<TokenRecord | undefined>
  tokens(): Promise<readonly TokenRecord[]>
  revokeToken(id: string, actor: Actor): Promise<boolean>

  /**
   * Marks results whose time is over, up to `most` of each application, and gives them out for removal: from now on their
   * requests are answered by `result-expired`. Those whose reply is not sent, or was sent a moment ago, come later.
   *
   * @param retryMs  after which they are given out again, unless `resultsGone` was told of them
   */
  expireResults(take: {
    readonly applications: readonly string[]
    readonly most: number
    readonly retryMs: number
  }): Promise<readonly ExpiredResult[]>
  /** The results of these runs were removed from their stores. */
  resultsGone(runIds: readonly string[]): Promise<void>
  /** Removes what is older than it is kept. Texts of requests that failed go with the logs. @returns what was removed */
  sweep(kept: {
    readonly requestsMs: number
    readonly runsMs: number
    readonly logsMs: number
    /** Counted from when they were replaced. */
    readonly revisionsMs: number
  }): Promise<Readonly<Record<string, number>>>
  /** Writes a whole copy that `restore` takes (P9). */
  backup(path: string): Promise<void>
  /** Told when there may be work: runs wait, or ended, messages are due, commands were given, by this server or another. */
  onChange(listener: (change: Change) => void): () => void
}

export type Change = 'queued' | 'ended' | 'messages' | 'commands' | 'applications'

/** Who did something: `token:<name>`, `kafka:<topic>`, `cron:<trigger>`, `cli`. */
export type Actor = string

export interface AcceptRequest {
  /** Identity: digest of application, source and request id. */
  readonly digest: string
  /** Digest of the canonical content, so that the same id with other content is known. */
  readonly contentDigest: string
  readonly application: string
  readonly source: string
  readonly requestId: string
  /** Chosen by the caller, version 7. */
  readonly runId: string
  readonly job: string | undefined
  /** Digest of the application's revision. */
  readonly revision: string
  /** Text of the request, credentials sealed; removed when the run is over, or kept for `retry` as long as logs when it failed. */
  readonly body: string
  /** What the requester wants back. */
  readonly context: unknown
  readonly actor: Actor
  /** When the request was made, as far as its trigger knows; older than the memory of requests is too old to be known. */
  readonly madeAtMs: number | undefined
  readonly validUntilMs: number | undefined
  /** Names of reply destinations, and of those that want `accepted` and `progress`. */
  readonly destinations: Destinations
  /** W3C trace context of the caller. */
  readonly traceparent: string | undefined
  /** Most runs of the application that may wait; undefined: as many as come. */
  readonly mostQueued?: number
  /** Undefined: it needs nothing. */
  readonly lane?: Lane
  /** With which requests it may share a result; undefined: with none. */
  readonly reuse?: ReuseOfResult | undefined
}

export interface Destinations {
  readonly outcome: readonly string[]
  readonly accepted: readonly string[]
  readonly progress: readonly string[]
}

export type Accepted =
  /** Runs: a first or a further attempt. */
  | { readonly is: 'new'; readonly run: RunRecord }
  /** Is waiting or under way; its answer will come. */
  | { readonly is: 'under-way'; readonly run: RunRecord }
  /** Was answered; the answer is sent once more, with fresh links. */
  | { readonly is: 'answered'; readonly run: RunRecord }
  /** Same id, other content: answered by `request-id-reused`, the first one stays as it is. */
  | { readonly is: 'reused'; readonly run: RunRecord }
  /** Older than the memory of requests: answered by `request-too-old`. */
  | { readonly is: 'too-old' }

export interface RunRecord {
  readonly runId: string
  readonly application: string
  readonly job: string | undefined
  readonly revision: string
  readonly requestDigest: string
  readonly requestId: string
  readonly requestSource: string
  readonly attempt: number
  readonly state: RunState
  readonly epoch: number
  /** Epochs in which the process of its runner died, perhaps by its fault. */
  readonly deaths: number
  readonly server: string | undefined
  /** Whose process has it, or had it last: name and identity of the build. */
  readonly engine: string | undefined
  readonly acceptedAtMs: number
  readonly lane: Lane
  /** Since when it waits, or waited last: since it was accepted, or given back. */
  readonly queuedAtMs: number
  /** How long it has waited in the queue, before it was last taken from it: milliseconds. */
  readonly waitedMs: number
  readonly startedAtMs: number | undefined
  readonly finishedAtMs: number | undefined
  readonly progress: { readonly rows: number | null; readonly bytes: number } | undefined
  /** Present when it is over. */
  readonly reply: StoredReply | undefined
  readonly delivery: Delivery | undefined
  /** Set when the time of the result was over: it is removed, or will be in a moment. */
  readonly resultGoneAtMs: number | undefined
  readonly actor: Actor
  readonly context: unknown
  /** The run of an identical request whose result this one will be answered with, if it makes one. */
  readonly waitsFor: string | undefined
  /** The run whose result this one was answered with. */
  readonly reusedFrom: string | undefined
}

export interface ClaimedRun {
  readonly run: RunRecord
  readonly body: string
  readonly validUntilMs: number | undefined
  readonly traceparent: string | undefined
}

export interface Renewal {
  readonly server: string
  readonly leaseMs: number
  readonly runs: readonly {
    readonly runId: string
    readonly epoch: number
    readonly startedAtMs: number | undefined
    readonly progress: RunRecord['progress']
    /** Whose process has it; absent while it waits for one. */
    readonly engine?: string | undefined
  }[]
}

export interface RenewedRun {
  readonly runId: string
  readonly held: boolean
  readonly commands: readonly { readonly id: string; readonly command: RunCommand; readonly reason: string }[]
}

export interface FinishedRun {
  readonly runId: string
  readonly epoch: number
  readonly outcome: RunOutcome
  /** Whose process says so; absent when none does. */
  readonly engine?: string | undefined
}

export interface LostRun {
  readonly runId: string
  readonly epoch: number
  /** For the history: `exit code 1`, `signal SIGKILL`, `memory limit`. */
  readonly reason: string
  /** `handed-over`: its server ends, or an engine that is tried out failed: no attempt of the run. */
  readonly why: 'died' | 'handed-over'
}

/** A run that ended without a runner: nobody begins it again, who would remove what its epochs left in stores (I5). */
export interface LeftRun {
  readonly runId: string
  readonly application: string
  readonly revision: string
  readonly epoch: number
}

/** A result to be removed: all that lies in the folders of the run, in that store. */
export interface ExpiredResult extends LeftRun {
  /** Name of a store in the application's manifest. */
  readonly store: string
}

export interface Recovered {
  /** Runs that were given back, or ended. */
  readonly runs: number
  readonly ended: readonly LeftRun[]
}

export interface RecoveryPolicy {
  /** Epochs, but for those that were handed over, after which a run fails instead of being begun again. */
  readonly attempts: number
}

export interface NewCommand {
  readonly runId: string
  readonly command: RunCommand
  readonly actor: Actor
  readonly reason: string
}

export type CommandTaken =
  | { readonly is: 'accepted' | 'effective'; readonly commandId: string }
  | { readonly is: 'run-unknown' }
  | { readonly is: 'run-over'; readonly state: FinalState }

export interface RunQuery {
  readonly application?: string
  readonly job?: string
  readonly state?: RunState
  readonly requestId?: string
  /** Run ids are ordered by time. */
  readonly before?: string
  readonly most: number
}

export interface EventQuery {
  readonly runId?: string
  readonly application?: string
  readonly after: number
  readonly most: number
}

export interface RepositoryEvent {
  readonly sequence: number
  readonly atMs: number
  readonly application: string | undefined
  readonly runId: string | undefined
  /** `accepted`, `claimed`, `lost`, `finished`, `cancel-asked`, `message-sent`, `token-made` ... */
  readonly type: string
  readonly actor: Actor
  /** Of the state after it; without row data, parameters, secrets. */
  readonly data: Readonly<Record<string, unknown>>
}

export interface LogSegment {
  readonly runId: string
  readonly epoch: number
  readonly number: number
  /** Lines as JSON. */
  readonly text: string
}

export interface StoredLogSegment extends LogSegment {
  /** To read on behind it. */
  readonly position: number
}

export type OutboxState = 'due' | 'sent' | 'failed'

export interface OutboxDepth {
  readonly state: 'due' | 'failed'
  readonly messages: number
  /** When the oldest of them was written; undefined when there is none. */
  readonly oldestAtMs: number | undefined
}

export interface OutboxMessage {
  readonly id: string
  readonly runId: string
  readonly application: string
  readonly destination: string
  /** `completed`, `answer-2`, `accepted`, `progress-7`: last part of the event's id. */
  readonly message: string
  readonly reply: StoredReply
  /** Links are made from it when it is sent. */
  readonly delivery: Delivery | undefined
  readonly revision: string
  readonly requestSource: string
  readonly state: OutboxState
  readonly tries: number
  readonly dueAtMs: number
  readonly lastError: string | undefined
  readonly traceparent: string | undefined
}

export interface TokenRecord {
  readonly id: string
  readonly name: string
  readonly sha256: string
  /** `admin`, `read:<application>`, `run:<application>`; `*` for all applications. */
  readonly scopes: readonly string[]
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
  readonly revokedAtMs: number | undefined
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Where the next page begins; undefined when this is the last. */
  readonly next: string | undefined
}
