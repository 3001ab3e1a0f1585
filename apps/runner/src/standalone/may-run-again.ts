import type { BulkheadError } from '@bulkhead/connector-sdk'
import type { RunOutcome } from '@bulkhead/contract'

/** Whether the same request, sent again, is run again: nobody else is there who would. */
export function mayRunAgain({ reply }: RunOutcome): boolean {
  return (
    reply.status === 'cancelled' ||
    (reply.status === 'failed' && (reply.error?.retryable === true || reply.error?.code === runnerDied))
  )
}

/** The error of a run whose process ended without a word. */
const runnerDied = 'runner-died' satisfies BulkheadError['code']
