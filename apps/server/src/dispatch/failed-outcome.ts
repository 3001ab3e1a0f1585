import type { BulkheadError } from '@bulkhead/connector-sdk'
import type { RunOutcome } from '@bulkhead/contract'
import { replyErrorOf } from '@bulkhead/engine/reply/reply-error'
import type { RunRecord } from '../repository/repository.ts'

/** How a run ends of which its runner cannot say it any more, or never could. */
export function failedOutcome(
  record: RunRecord,
  error: BulkheadError,
  startedAtMs: number | undefined,
  nowMs: number,
): RunOutcome {
  const { requestId, runId, application, job, attempt, context, acceptedAtMs } = record
  return {
    reply: {
      requestId,
      runId,
      application,
      ...(job !== undefined && { job }),
      attempt,
      sequence: 1,
      status: error.kind === 'cancelled' ? 'cancelled' : 'failed',
      warnings: [],
      ...(context !== undefined && { context }),
      acceptedAt: instant(acceptedAtMs),
      ...(startedAtMs !== undefined && { startedAt: instant(startedAtMs) }),
      finishedAt: instant(nowMs),
      error: replyErrorOf(error),
    },
  }
}

function instant(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
