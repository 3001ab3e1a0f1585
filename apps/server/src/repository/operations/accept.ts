import { fault, type StoredReply } from '@bulkhead/contract'
import { isFinal } from '@bulkhead/engine/job/run-state'
import { laneText } from '../lane.ts'
import type { Scope } from '../operation.ts'
import type { Accepted, AcceptRequest } from '../repository.ts'
import { answerAgain, sendAnswer } from './answer-again.ts'
import { type NewAttempt, beginAttempt } from './begin-attempt.ts'
import { queued } from './claim.ts'
import { endRun } from './end-run.ts'
import { lockedRun } from './locked-run.ts'
import { putMessages } from './put-messages.ts'
import { idReusedError, instant, tooOldError } from './reply-of-run.ts'
import { replyOf, type RunRow, runRecordOf } from './rows.ts'
import { endReused, shareOf } from './share-result.ts'
import { together } from './together.ts'
import { writeEvents } from './write-event.ts'

interface Arrived {
  readonly request: AcceptRequest
  /** How long requests are remembered. */
  readonly memoryMs: number
  /** How a request that is refused is answered. */
  readonly refusal: StoredReply | undefined
}

/** Takes a request, or answers a repeat of it (I4): `contract.md`, "Same request again". */
export async function accept(scope: Scope, arrived: Arrived): Promise<Accepted> {
  const { db, nowMs } = scope
  const { request, memoryMs } = arrived
  const { madeAtMs } = request
  const tooOld = madeAtMs !== undefined && madeAtMs < nowMs - memoryMs
  if (tooOld) {
    const known = await db
      .selectFrom('requests')
      .select('digest')
      .where('digest', '=', request.digest)
      .executeTakeFirst()
    if (known === undefined) return await answerTooOld(scope, request)
  }
  // whoever comes second waits here for the first, and finds its run
  const first = await db
    .insertInto('requests')
    .values({
      digest: request.digest,
      content_digest: request.contentDigest,
      run_id: request.runId,
      answers: 1,
      accepted_at: nowMs,
    })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .returning('digest')
    .executeTakeFirst()
  if (first !== undefined) return await begin(scope, arrived, 1)
  return await repeat(scope, arrived)
}

async function repeat(scope: Scope, arrived: Arrived): Promise<Accepted> {
  const { db, nowMs, traits } = scope
  const { request } = arrived
  const known = await db
    .selectFrom('requests')
    .selectAll()
    .where('digest', '=', request.digest)
    .$if(traits.rowLocks, (query) => query.forUpdate())
    .executeTakeFirstOrThrow()
  const row = await lockedRun(scope, known.run_id)
  if (row === undefined) throw new Error(`Run ${known.run_id} of a request is missing`)
  // the caller did not hear that it had been taken
  if (row.run_id === request.runId) return { is: 'new', run: runRecordOf(row) }
  if (known.content_digest !== request.contentDigest) return await answerReused(scope, request, row)
  if (!isFinal(row.state)) return { is: 'under-way', run: runRecordOf(row) }
  if (row.state === 'failed' && replyOf(row)?.error?.retryable === true) {
    await db
      .updateTable('requests')
      .set({ run_id: request.runId, accepted_at: nowMs })
      .where('digest', '=', request.digest)
      .execute()
    // its text comes with the new attempt
    await db.deleteFrom('bodies').where('run_id', '=', row.run_id).execute()
    return await begin(scope, arrived, row.attempt + 1)
  }
  await answerAgain(scope, row, request.destinations.outcome)
  await writeEvents(scope, [repeated(request, row, 'repeated')])
  return { is: 'answered', run: runRecordOf(row) }
}

async function begin(scope: Scope, arrived: Arrived, attempt: number): Promise<Accepted> {
  const { request, refusal } = arrived
  if (refusal === undefined && request.reuse !== undefined) {
    const share = await shareOf(scope, request.reuse, request)
    if (share.is === 'answered') {
      const row = await beginAttempt(scope, attemptOf(request, attempt, request.body))
      return { is: 'new', run: runRecordOf(await endReused(scope, row, share.by)) }
    }
    if (share.is === 'waits') return await queue(scope, arrived, attempt, share.for)
  }
  return await queue(scope, arrived, attempt, undefined)
}

async function queue(
  scope: Scope,
  { request, refusal }: Arrived,
  attempt: number,
  waitsFor: string | undefined,
): Promise<Accepted> {
  const isFull = refusal === undefined ? refuseWhenFull(scope, request) : Promise.resolve()
  const beginning = beginAttempt(
    scope,
    attemptOf(request, attempt, refusal === undefined ? request.body : undefined, waitsFor),
  )
  await together(isFull, beginning)
  const row = await beginning
  if (refusal === undefined) return { is: 'new', run: runRecordOf(row) }
  const ended = await endRun(scope, row, {
    state: 'failed',
    actor: request.actor,
    reply: refusal,
    delivery: null,
    outcomeEpoch: undefined,
  })
  return { is: 'new', run: runRecordOf(ended.row) }
}

/** What was written before is taken back with the transaction: the same request may come again. */
async function refuseWhenFull(scope: Scope, { application, mostQueued }: AcceptRequest): Promise<void> {
  if (mostQueued === undefined) return
  const waiting = await queued(scope, application)
  if (waiting < mostQueued) return
  throw fault('queue-full', `${waiting} runs of the application "${application}" wait, and no more may`)
}

async function answerReused(scope: Scope, request: AcceptRequest, row: RunRow): Promise<Accepted> {
  const reply = failure(scope, request, row.run_id, row.attempt, idReusedError())
  const answered = { ...row, revision: request.revision, traceparent: request.traceparent ?? null }
  await sendAnswer(scope, answered, request.destinations.outcome, reply, null)
  await writeEvents(scope, [repeated(request, row, 'id-reused')])
  return { is: 'reused', run: runRecordOf(row) }
}

/** Nobody knows whether it was answered once, so it gets a message of its own, and the same one each time. */
async function answerTooOld(scope: Scope, request: AcceptRequest): Promise<Accepted> {
  await putMessages(scope, {
    digest: request.digest,
    runId: request.runId,
    application: request.application,
    destinations: request.destinations.outcome,
    message: 'too-old',
    reply: failure(scope, request, request.runId, 1, tooOldError()),
    delivery: null,
    revision: request.revision,
    requestSource: request.source,
    traceparent: request.traceparent ?? null,
  })
  await writeEvents(scope, [
    {
      application: request.application,
      type: 'too-old',
      actor: request.actor,
      data: { requestId: request.requestId },
    },
  ])
  return { is: 'too-old' }
}

function failure(
  { nowMs }: Scope,
  request: AcceptRequest,
  runId: string,
  attempt: number,
  error: NonNullable<StoredReply['error']>,
): StoredReply {
  const { requestId, application, job, context } = request
  return {
    requestId,
    runId,
    application,
    ...(job !== undefined && { job }),
    attempt,
    sequence: 1,
    status: 'failed',
    warnings: [],
    ...(context !== undefined && { context }),
    acceptedAt: instant(nowMs),
    finishedAt: instant(nowMs),
    error,
  }
}

function repeated(
  { actor }: AcceptRequest,
  { application, run_id, state }: RunRow,
  type: string,
): { application: string; runId: string; type: string; actor: string; data: { state: string } } {
  return { application, runId: run_id, type, actor, data: { state } }
}

function attemptOf(
  request: AcceptRequest,
  attempt: number,
  body: string | undefined,
  waitsFor?: string,
): NewAttempt {
  return {
    runId: request.runId,
    digest: request.digest,
    application: request.application,
    job: request.job ?? null,
    revision: request.revision,
    requestId: request.requestId,
    requestSource: request.source,
    attempt,
    validUntilMs: request.validUntilMs ?? null,
    destinations: request.destinations,
    context: request.context,
    actor: request.actor,
    traceparent: request.traceparent ?? null,
    lane: request.lane === undefined ? '' : laneText(request.lane),
    body,
    reuse: request.reuse,
    waitsFor,
  }
}
