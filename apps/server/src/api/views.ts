import type {
  ApplicationList,
  ApplicationView,
  EventView,
  ReplyView,
  RevisionView,
  RunAccepted,
  RunView,
  TokenView,
} from '@bulkhead/contract'
import type { NotServed, ServedApplication } from '../applications/applications.ts'
import type { WaitReason } from '../dispatch/runners.ts'
import type { OutboxMessage, RepositoryEvent, RunRecord, TokenRecord } from '../repository/repository.ts'
import type { ApplicationHead, RevisionRecord } from '../repository/revision-keeping.ts'

/** Records as the API shows them. */

const identical: WaitReason = { for: 'identicalRequest' }

/** @param waiting  what the run waits for, asked while it is queued */
export function runView(
  run: RunRecord,
  nowMs: number,
  waiting: () => WaitReason = () => ({ for: 'runners' }),
): RunView {
  const isQueued = run.state === 'queued'
  return {
    runId: run.runId,
    application: run.application,
    ...(run.job !== undefined && { job: run.job }),
    requestId: run.requestId,
    requestSource: run.requestSource,
    attempt: run.attempt,
    state: run.state,
    revision: run.revision,
    actor: run.actor,
    acceptedAt: instant(run.acceptedAtMs),
    waitedSeconds: (run.waitedMs + (isQueued ? Math.max(0, nowMs - run.queuedAtMs) : 0)) / 1000,
    ...(isQueued && {
      waiting: { since: instant(run.queuedAtMs), ...(run.waitsFor === undefined ? waiting() : identical) },
    }),
    ...(run.startedAtMs !== undefined && { startedAt: instant(run.startedAtMs) }),
    ...(run.finishedAtMs !== undefined && { finishedAt: instant(run.finishedAtMs) }),
    ...(run.progress !== undefined && { progress: run.progress }),
    ...(run.reply !== undefined && { reply: run.reply }),
    ...(run.engine !== undefined && { engine: run.engine }),
    ...(run.resultGoneAtMs !== undefined && { resultGoneAt: instant(run.resultGoneAtMs) }),
    ...(run.waitsFor !== undefined && { waitsFor: run.waitsFor }),
    ...(run.reusedFrom !== undefined && { reusedFrom: run.reusedFrom }),
  }
}

export function runAccepted(run: RunRecord, is: RunAccepted['is']): RunAccepted {
  const { runId, application, requestId, attempt, state } = run
  const path = runPath(runId)
  return { runId, application, requestId, attempt, state, is, run: path, watch: `${path}/watch` }
}

/** Relative to the server, whatever name the caller has for it. */
export function runPath(runId: string): string {
  return `/api/v1/runs/${runId}`
}

export function eventView({ sequence, atMs, type, actor, data }: RepositoryEvent): EventView {
  return { sequence, at: instant(atMs), type, actor, data }
}

export function replyView(message: OutboxMessage): ReplyView {
  const { id, runId, application, destination, state, tries, dueAtMs, lastError, reply } = message
  return {
    id,
    runId,
    application,
    requestId: reply.requestId,
    destination,
    message: message.message,
    state,
    tries,
    dueAt: instant(dueAtMs),
    ...(lastError !== undefined && { lastError }),
  }
}

export function tokenView(token: TokenRecord): TokenView {
  const { id, name, scopes, createdAtMs, expiresAtMs, revokedAtMs } = token
  return {
    id,
    name,
    scopes: [...scopes],
    createdAt: instant(createdAtMs),
    ...(expiresAtMs !== undefined && { expiresAt: instant(expiresAtMs) }),
    ...(revokedAtMs !== undefined && { revokedAt: instant(revokedAtMs) }),
  }
}

/** @param head  what the repository last said of it */
export function applicationView(
  { application, revision }: ServedApplication,
  head: Pick<ApplicationHead, 'number' | 'engine'> | undefined,
): ApplicationView {
  const { metadata, spec } = application.manifest
  const { number, engine } = head ?? {}
  return {
    name: application.name,
    revision,
    ...(number !== undefined && { number }),
    ...(application.environment !== undefined && { environment: application.environment }),
    ...(engine !== undefined && { engine }),
    owner: spec.owner,
    ...(spec.description !== undefined && { description: spec.description }),
    labels: metadata.labels,
    jobs: Object.entries(spec.jobs).map(([name, { parameters, requestMay }]) => ({
      name,
      parameters,
      requestMay: [...requestMay],
    })),
    triggers: Object.keys(spec.triggers),
    replies: Object.keys(spec.replies),
  }
}

/** Without its folder, which is the server's own business. */
export function setAsideView({
  name,
  number,
  code,
  message,
}: NotServed): ApplicationList['setAside'][number] {
  return {
    ...(name !== undefined && { name }),
    ...(number !== undefined && { number }),
    code,
    message,
  }
}

export function revisionView(record: RevisionRecord): RevisionView {
  const { number, digest, isCurrent, origin, actor, acceptedAtMs, fault } = record
  return {
    number,
    revision: digest,
    isCurrent,
    origin,
    actor,
    acceptedAt: instant(acceptedAtMs),
    ...(fault !== undefined && { fault }),
  }
}

export function instant(ms: number): string {
  return new Date(ms).toISOString()
}
