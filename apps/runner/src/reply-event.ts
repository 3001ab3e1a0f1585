import type { BulkheadError, Link } from '@bulkhead/connector-sdk'
import {
  type ReplyData,
  type ReplyEvent,
  type ReplyStatus,
  replySchemaV1,
  type ResultFile,
} from '@bulkhead/contract'
import type { Plan } from '@bulkhead/engine'
import { requestDigest } from '@bulkhead/engine/plan/identity'
import type { RunFile } from '@bulkhead/engine/run/result-output'
import type { RunResult } from '@bulkhead/engine/run/run'
import { replyErrorOf } from '@bulkhead/engine/reply/reply-error'
import type { Redactor } from '@bulkhead/engine/secrets/redactor'

/** Who is answered, by whom, about which run. */
export interface ReplySubject {
  /** Empty when the request could not be read. */
  readonly requestId: string
  /** The source of the request's event; empty for a plain request. */
  readonly requestSource: string
  /** What the requester wants back. */
  readonly context: unknown
  readonly application: string
  /** The job that was asked for. */
  readonly job: string | undefined
  readonly runId: string
  readonly acceptedAtMs: number
  readonly startedAtMs: number | undefined
  readonly finishedAtMs: number
}

/** What became of the run. */
export type Outcome =
  | {
      readonly status: 'completed' | 'completed-with-errors'
      readonly plan: Plan
      readonly result: RunResult
      /** For the files of the result in their order, and behind them for its manifest. */
      readonly links: readonly Link[]
      readonly warnings: readonly string[]
    }
  | {
      readonly status: 'failed' | 'cancelled'
      readonly plan: Plan | undefined
      readonly error: BulkheadError
      readonly warnings: readonly string[]
    }

/**
 * A stand-alone run has no memory of requests: each is the first attempt, and its end the only message.
 */
const attempt = 1
const sequence = 1

/** More than this is for the log. */
const mostWarnings = 50

/**
 * The event that answers a request. Its id is the same whenever the same message is sent again. Texts
 * that came from anywhere pass the redactor (I6); links, names and places do not, because a link may be
 * signed with what a store calls a secret, and half of it is of no use.
 */
export function replyEvent(subject: ReplySubject, outcome: Outcome, redactor: Redactor): ReplyEvent {
  const { requestId, requestSource, application } = subject
  const digest = requestDigest(application, requestSource, requestId)
  const data = replySchemaV1.parse(replyData(subject, outcome, redactor))
  return {
    specversion: '1.0',
    type: `dev.bulkhead.run.${outcome.status satisfies ReplyStatus}.v1`,
    source: `/bulkhead/applications/${application}`,
    // CloudEvents knows no empty subject
    subject: requestId === '' ? 'unknown' : requestId,
    id: `${digest}/${attempt}/${outcome.status}`,
    time: instant(subject.finishedAtMs),
    datacontenttype: 'application/json',
    data,
  }
}

function replyData(subject: ReplySubject, outcome: Outcome, redactor: Redactor): ReplyData {
  const { plan } = outcome
  return {
    requestId: subject.requestId,
    runId: subject.runId,
    application: subject.application,
    ...(subject.job !== undefined && { job: subject.job }),
    attempt,
    sequence,
    status: outcome.status,
    ...(plan !== undefined && {
      guarantee: plan.guarantee,
      consistency: 'result' in outcome ? outcome.result.consistency : plan.consistency,
      connection: 'result' in outcome ? outcome.result.connection : plan.source.name,
    }),
    ...('result' in outcome && { tries: outcome.result.attempts }),
    warnings: redactor.redactData(outcome.warnings.slice(0, mostWarnings)),
    ...(subject.context !== undefined && { context: redactor.redactData(subject.context) }),
    acceptedAt: instant(subject.acceptedAtMs),
    ...(subject.startedAtMs !== undefined && { startedAt: instant(subject.startedAtMs) }),
    finishedAt: instant(subject.finishedAtMs),
    ...('result' in outcome
      ? { result: replyResult(outcome.plan, outcome.result, outcome.links) }
      : { error: redactor.redactData(replyErrorOf(outcome.error)) }),
  }
}

function replyResult(plan: Plan, result: RunResult, links: readonly Link[]): ReplyData['result'] {
  const files = result.files.map((file, index) => resultFile(plan, file, links[index]))
  const { manifest } = result
  return {
    rows: result.rows,
    bytes: result.bytes,
    ...(result.rejected > 0 && { rejected: result.rejected }),
    files,
    ...(manifest !== undefined && {
      manifest: {
        ...resultFile(plan, manifest, links[result.files.length]),
        format: 'json',
        compression: 'none',
      },
    }),
  }
}

function resultFile({ output }: Plan, file: RunFile, link: Link | undefined): ResultFile {
  if (link === undefined) throw new Error(`There is no link to ${file.name}`)
  return {
    name: file.name,
    url: link.url,
    expiresAt: instant(link.expiresAtMs),
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

function instant(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
