import type { BulkheadError } from '@bulkhead/connector-sdk'
import {
  type Delivery,
  type FinalState,
  type RunOutcome,
  type StoredReply,
  storedReplySchema,
} from '@bulkhead/contract'
import type { Plan } from '@bulkhead/engine'
import { replyErrorOf } from '@bulkhead/engine/reply/reply-error'
import type { SourceTally } from './source-tally.ts'
import type { RunFile } from '@bulkhead/engine/run/result-output'
import type { RunResult } from '@bulkhead/engine/run/run'
import type { Redactor } from '@bulkhead/engine/secrets/redactor'
import { preparationOf, preparedQueryOf } from './preparation.ts'

/** Who is answered, by whom, about which run. */
export interface ReplySubject {
  /** Empty when the request could not be read. */
  readonly requestId: string
  /** What the requester wants back. */
  readonly context: unknown
  readonly application: string
  /** The job that was asked for. */
  readonly job: string | undefined
  readonly runId: string
  readonly attempt: number
  readonly acceptedAtMs: number
  readonly startedAtMs: number | undefined
  readonly finishedAtMs: number
  /** Longest time that a result is kept, milliseconds, whatever the application wants; undefined: as it wants. */
  readonly mostKeptMs?: number | undefined
  /** Undefined when it never came to reading. */
  readonly sources?: SourceTally | undefined
}

/** How a run ended. */
export type Ended =
  | {
      readonly status: 'completed' | 'completed-with-errors'
      readonly plan: Plan
      readonly result: RunResult
      readonly warnings: readonly string[]
    }
  | {
      readonly status: 'failed' | 'cancelled'
      readonly plan: Plan | undefined
      readonly error: BulkheadError
      readonly warnings: readonly string[]
    }

/** The end of a run is the only message that its runner makes. */
const sequence = 1

/** More than this is for the log. */
const mostWarnings = 50

/**
 * How a run ended, as it is kept: with places and no links. Texts that came from anywhere pass the redactor (I6);
 * names and places do not, because half of one is of no use.
 */
export function runOutcome(subject: ReplySubject, ended: Ended, redactor: Redactor): RunOutcome {
  const reply = storedReplySchema.parse(storedReply(subject, ended, redactor))
  const query = preparedQueryOf(ended.plan, redactor)
  const isFallback = 'result' in ended && ended.result.connection !== ended.plan.source.name
  const source = subject.sources?.report(isFallback)
  const told = {
    reply,
    ...(query !== undefined && { preparedQuery: query }),
    ...(source !== undefined && { source }),
  }
  if (!('result' in ended)) return told
  const { plan, result } = ended
  return {
    ...told,
    delivery: deliveryOf(plan, result, keptUntilMs(subject, plan)),
    phases: [...result.phases],
  }
}

function storedReply(subject: ReplySubject, ended: Ended, redactor: Redactor): StoredReply {
  const { plan } = ended
  const tries = 'result' in ended ? ended.result.attempts : (subject.sources?.attempts ?? 0)
  return {
    requestId: subject.requestId,
    runId: subject.runId,
    application: subject.application,
    ...(subject.job !== undefined && { job: subject.job }),
    attempt: subject.attempt,
    sequence,
    status: ended.status satisfies FinalState,
    ...(plan !== undefined && {
      guarantee: plan.guarantee,
      consistency: 'result' in ended ? ended.result.consistency : plan.consistency,
      connection: 'result' in ended ? ended.result.connection : plan.source.name,
    }),
    ...(tries > 0 && { tries }),
    ...(plan?.preparation?.result !== undefined && {
      prepared: preparationOf(plan, plan.preparation, redactor),
    }),
    ...(plan !== undefined && Object.keys(plan.flags).length > 0 && { flags: { ...plan.flags } }),
    warnings: redactor.redactData(ended.warnings.slice(0, mostWarnings)),
    ...(subject.context !== undefined && { context: redactor.redactData(subject.context) }),
    acceptedAt: instant(subject.acceptedAtMs),
    ...(subject.startedAtMs !== undefined && { startedAt: instant(subject.startedAtMs) }),
    finishedAt: instant(subject.finishedAtMs),
    ...('result' in ended
      ? { result: storedResult(ended.plan, ended.result, keptUntilMs(subject, ended.plan)) }
      : { error: redactor.redactData(replyErrorOf(ended.error)) }),
  }
}

type StoredResult = NonNullable<StoredReply['result']>

/** Undefined: nobody but the store says when it goes. No link ends later than its result. */
function keptUntilMs({ finishedAtMs, mostKeptMs }: ReplySubject, plan: Plan): number | undefined {
  const wanted = Math.min(plan.keptForMs ?? Infinity, mostKeptMs ?? Infinity)
  if (wanted === Infinity) return undefined
  return finishedAtMs + Math.max(wanted, plan.urlExpiresInSeconds * 1000)
}

function storedResult(
  plan: Plan,
  { rows, bytes, rejected, files, manifest }: RunResult,
  untilMs: number | undefined,
): StoredResult {
  return {
    rows,
    bytes,
    ...(untilMs !== undefined && { keptUntil: instant(untilMs) }),
    ...(rejected > 0 && { rejected }),
    files: files.map((file) => storedFile(plan, file)),
    ...(manifest !== undefined && {
      manifest: { ...storedFile(plan, manifest), format: 'json', compression: 'none' },
    }),
  }
}

function storedFile({ output }: Plan, file: RunFile): StoredResult['files'][number] {
  return {
    name: file.name,
    contentType: file.contentType,
    format: output.format,
    compression: output.compression,
    ...(output.ageRecipients.length > 0 && { encryption: 'age' }),
    rows: file.rows,
    bytes: file.bytes,
    location: file.stored.location,
    checksum: { algorithm: 'sha256', scope: 'object', value: file.sha256 },
  }
}

function deliveryOf(
  { store, urlExpiresInSeconds }: Plan,
  { files, manifest }: RunResult,
  untilMs: number | undefined,
): Delivery {
  const all = manifest === undefined ? files : [...files, manifest]
  return {
    store: store.name,
    urlExpiresInSeconds,
    ...(untilMs !== undefined && { keptUntilMs: untilMs }),
    files: all.map(({ name, objectContentType, stored }) => ({ name, objectContentType, stored })),
  }
}

function instant(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
