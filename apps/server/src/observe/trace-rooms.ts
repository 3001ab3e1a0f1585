import type { Intake } from '../intake/intake.ts'
import type { Repository } from '../repository/repository.ts'
import { aroundRepository } from './around-repository.ts'
import type { Tracing } from './tracing.ts'

/** The spans of a request between its call and its answer, made around the ports of the rooms that do the work. */

/** Admission: from what a trigger has to what is durable. Its span is the parent of all that follows. */
export function traceIntake(intake: Intake, tracing: Tracing): Intake {
  return {
    take: (arrival) =>
      tracing.span(
        {
          name: 'admission',
          kind: 'internal',
          parent: arrival.traceparent,
          attributes: {
            'bulkhead.application': arrival.application,
            ...(arrival.job !== undefined && { 'bulkhead.job': arrival.job }),
            'bulkhead.actor': arrival.actor,
          },
        },
        (traceparent) => intake.take({ ...arrival, ...(traceparent !== undefined && { traceparent }) }),
      ),
  }
}

/** Runs and messages that this server has under way; what is forgotten has no span (I8). */
const MOST_UNDER_WAY = 20_000

interface UnderWay {
  readonly parent: string | undefined
  readonly sinceMs: number
}

/**
 * Queue, run with its phases, and reply.
 * @param now  of the clock that the repository's times are of, epoch milliseconds
 */
export function traceRepository(repository: Repository, tracing: Tracing, now: () => number): Repository {
  const runs = new Map<string, UnderWay>()
  const messages = new Map<string, UnderWay & { readonly attributes: Record<string, string | number> }>()

  const replied = (id: string, error?: string): void => {
    const message = messages.get(id)
    if (message === undefined) return
    messages.delete(id)
    const { parent, sinceMs, attributes } = message
    tracing.record({
      name: 'reply',
      kind: 'producer',
      parent,
      attributes,
      startMs: sinceMs,
      endMs: now(),
      ...(error !== undefined && { error }),
    })
  }

  return aroundRepository(repository, {
    async claim(call, claim) {
      const claimed = await call(claim)
      for (const { run, traceparent } of claimed.runs) {
        const atMs = now()
        tracing.record({
          name: 'queue',
          kind: 'internal',
          parent: traceparent,
          attributes: {
            'bulkhead.application': run.application,
            'bulkhead.run.id': run.runId,
            'bulkhead.run.epoch': run.epoch,
          },
          startMs: run.acceptedAtMs,
          endMs: atMs,
        })
        remember(runs, epochOf(run), { parent: traceparent, sinceMs: atMs })
      }
      return claimed
    },
    async finish(call, finished) {
      const came = await call(finished)
      const run = runs.get(epochOf(finished))
      runs.delete(epochOf(finished))
      if (run !== undefined) recordRun(tracing, run, finished.runId, finished.outcome, came, now())
      return came
    },
    async lose(call, lost, policy) {
      const ended = await call(lost, policy)
      for (const one of lost) {
        const run = runs.get(epochOf(one))
        runs.delete(epochOf(one))
        if (run === undefined) continue
        tracing.record({
          name: 'run',
          kind: 'consumer',
          parent: run.parent,
          attributes: { 'bulkhead.run.id': one.runId },
          startMs: run.sinceMs,
          endMs: now(),
          error: one.why === 'died' ? 'runner-died' : 'handed-over',
        })
      }
      return ended
    },
    async takeMessages(call, take) {
      const taken = await call(take)
      for (const { id, traceparent, application, destination, message, tries } of taken)
        remember(messages, id, {
          parent: traceparent,
          sinceMs: now(),
          attributes: {
            'bulkhead.application': application,
            'bulkhead.reply.destination': destination,
            'bulkhead.reply.message': message,
            'bulkhead.reply.tries': tries,
          },
        })
      return taken
    },
    async messagesSent(call, ids) {
      await call(ids)
      for (const id of ids) replied(id)
    },
    async messageFailed(call, failure) {
      await call(failure)
      replied(failure.id, failure.givenUp ? 'given-up' : 'failed')
    },
  })
}

type Outcome = Parameters<Repository['finish']>[0]['outcome']

function recordRun(
  tracing: Tracing,
  { parent, sinceMs }: UnderWay,
  runId: string,
  { reply, phases = [] }: Outcome,
  came: 'finished' | 'lease-lost',
  endMs: number,
): void {
  const error = came === 'lease-lost' ? came : reply.error?.code
  const own = tracing.record({
    name: 'run',
    kind: 'consumer',
    parent,
    attributes: {
      'bulkhead.application': reply.application,
      'bulkhead.run.id': runId,
      'bulkhead.run.status': reply.status,
      ...(reply.job !== undefined && { 'bulkhead.job': reply.job }),
      ...(reply.result !== undefined && { 'bulkhead.result.bytes': reply.result.bytes }),
      ...(typeof reply.result?.rows === 'number' && { 'bulkhead.result.rows': reply.result.rows }),
    },
    startMs: sinceMs,
    endMs,
    ...(error !== undefined && { error }),
  })
  for (const phase of phases)
    tracing.record({
      name: phase.name,
      kind: 'client',
      parent: own,
      attributes: {
        'bulkhead.application': reply.application,
        ...(phase.name === 'connector' &&
          reply.connection !== undefined && { 'bulkhead.connection': reply.connection }),
      },
      startMs: phase.startMs,
      endMs: phase.endMs,
    })
}

function epochOf({ runId, epoch }: { readonly runId: string; readonly epoch: number }): string {
  return `${runId}/${epoch}`
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= MOST_UNDER_WAY) map.delete(map.keys().next().value ?? '')
  map.set(key, value)
}
