import type { StoredReply } from '@bulkhead/contract'
import type { Scope } from '../operation.ts'
import { putMessages } from './put-messages.ts'
import { instant, replyOfRun, resultExpiredError } from './reply-of-run.ts'
import { replyOf, type RunRow } from './rows.ts'

/** What a repeat of a request that came to an end gets. */
export async function answerAgain(scope: Scope, row: RunRow, destinations: readonly string[]): Promise<void> {
  if (row.state === 'completed' || row.state === 'completed-with-errors')
    await sendFreshAnswer(scope, row, destinations)
  else await sendSameFailure(scope, row, destinations)
}

/** A new event with the same outcome, whose links are made anew; or that there is nothing left to link to. */
export async function sendFreshAnswer(
  scope: Scope,
  row: RunRow,
  destinations: readonly string[],
): Promise<void> {
  const reply = replyOf(row)
  if (reply === undefined) throw new Error(`Run ${row.run_id} is over and has no outcome`) // I3
  if (row.result_gone_at === null) {
    await sendAnswer(scope, row, destinations, reply, row.delivery)
    return
  }
  const expired = replyOfRun(row, 'failed', 1, {
    finishedAt: instant(scope.nowMs),
    error: resultExpiredError(),
  })
  await sendAnswer(scope, row, destinations, expired, null)
}

/** The next `answer-N` of a request. */
export async function sendAnswer(
  scope: Scope,
  row: RunRow,
  destinations: readonly string[],
  reply: StoredReply,
  delivery: string | null,
): Promise<void> {
  const { db } = scope
  const { answers } = await db
    .updateTable('requests')
    .set((set) => ({ answers: set('answers', '+', 1) }))
    .where('digest', '=', row.request_digest)
    .returning('answers')
    .executeTakeFirstOrThrow()
  const { sequence } = await db
    .updateTable('runs')
    .set((set) => ({ sequence: set('sequence', '+', 1) }))
    .where('run_id', '=', row.run_id)
    .returning('sequence')
    .executeTakeFirstOrThrow()
  await putMessages(scope, {
    ...messageOf(row, destinations),
    message: `answer-${answers}`,
    reply: { ...reply, sequence },
    delivery,
  })
}

/** The message of its end itself, under the same id: due once more, or written again where it was removed. */
async function sendSameFailure(scope: Scope, row: RunRow, destinations: readonly string[]): Promise<void> {
  const reply = replyOf(row)
  if (reply === undefined) throw new Error(`Run ${row.run_id} is over and has no outcome`) // I3
  await putMessages(scope, {
    ...messageOf(row, destinations),
    message: row.state,
    reply,
    delivery: row.delivery,
  })
}

function messageOf(
  row: RunRow,
  destinations: readonly string[],
): {
  digest: string
  runId: string
  application: string
  destinations: readonly string[]
  revision: string
  requestSource: string
  traceparent: string | null
} {
  return {
    digest: row.request_digest,
    runId: row.run_id,
    application: row.application,
    destinations,
    revision: row.revision,
    requestSource: row.request_source,
    traceparent: row.traceparent,
  }
}
