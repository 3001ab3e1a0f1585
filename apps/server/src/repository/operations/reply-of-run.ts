import { fault, type ReplyError, type ReplyStatus, type StoredReply } from '@bulkhead/contract'
import { replyErrorOf } from '@bulkhead/engine/reply/reply-error'
import { fromJson, type RunRow } from './rows.ts'

/** What the repository itself says of a run: that it was accepted, how far it is, and ends without a runner. */
export function replyOfRun(
  row: RunRow,
  status: ReplyStatus,
  sequence: number,
  more: Pick<StoredReply, 'progress' | 'error' | 'finishedAt'> = {},
): StoredReply {
  const context = fromJson(row.context)
  return {
    requestId: row.request_id,
    runId: row.run_id,
    application: row.application,
    ...(row.job !== null && { job: row.job }),
    attempt: row.attempt,
    sequence,
    status,
    warnings: [],
    ...(context !== undefined && { context }),
    acceptedAt: instant(row.accepted_at),
    ...(row.started_at !== null && { startedAt: instant(row.started_at) }),
    ...more,
  }
}

export function instant(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

export function cancelledError(): ReplyError {
  return replyErrorOf(fault('cancelled', 'The run was cancelled'))
}

export function runnerDiedError(epochs: number): ReplyError {
  return replyErrorOf(
    fault('runner-died', `The runner of the run died ${epochs === 1 ? 'once' : `${epochs} times`}`),
  )
}

export function idReusedError(): ReplyError {
  return replyErrorOf(
    fault('request-id-reused', 'Another request with other content had this id', { path: 'requestId' }),
  )
}

export function resultExpiredError(): ReplyError {
  return replyErrorOf(fault('result-expired', 'The result was removed when its retention ended'))
}

export function tooOldError(): ReplyError {
  return replyErrorOf(fault('request-too-old', 'The request is older than requests are remembered'))
}
