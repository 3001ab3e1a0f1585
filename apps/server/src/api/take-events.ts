import { type endpoints, type EventsTaken, requestIdentityOf } from '@bulkhead/contract'
import type { Intake } from '../intake/intake.ts'
import type { Answer, Call, Handlers } from './call.ts'
import { eventsOf } from './cloud-event.ts'
import { problemOf } from './problem.ts'
import { takenView } from './taken-view.ts'

/** Events of one batch that are taken at once: one sender is not the whole queue of the repository (I7). */
const AT_ONCE = 16

type EventCall = Pick<Call<typeof endpoints.takeEvents>, 'params' | 'caller' | 'traceparent'>
type Result = EventsTaken['results'][number]

/**
 * CloudEvents over HTTP. Of a batch every event is taken by itself; when one could not be taken for now, the whole
 * batch is to be sent again, which harms none of the others, for the same id is the same request (I4).
 */
export function eventHandlers(intake: Intake): Handlers<'takeEvents'> {
  const take = async (
    { params: { application }, caller, traceparent }: EventCall,
    input: string,
  ): Promise<Result> => {
    const { id } = requestIdentityOf(input)
    const known = id === undefined ? {} : { id }
    try {
      const taken = await intake.take({
        application,
        input,
        actor: caller.actor,
        ...(traceparent !== undefined && { traceparent }),
      })
      const view = takenView(taken)
      if (view.accepted !== undefined) return { ...known, status: 202, run: view.accepted }
      const { problem } = view.refusal
      return { ...known, status: problem.status, problem }
    } catch (error) {
      const { problem } = problemOf(error)
      return { ...known, status: problem.status, problem }
    }
  }

  return {
    async takeEvents(call) {
      const events = eventsOf(call.headers, call.bytes ?? new Uint8Array())
      if (events.mode === 'one') return answerOfOne(await take(call, events.text))
      const results: Result[] = []
      for (let at = 0; at < events.texts.length; at += AT_ONCE)
        results.push(
          ...(await Promise.all(events.texts.slice(at, at + AT_ONCE).map((text) => take(call, text)))),
        )
      return { status: statusOf(results), body: { results } satisfies EventsTaken, headers: pauseOf(results) }
    },
  }
}

function answerOfOne({ status, run, problem }: Result): Answer {
  if (run !== undefined) return { status, body: run, headers: { Location: run.run } }
  return { status, body: problem, type: 'application/problem+json', headers: pauseOf([{ status }]) }
}

function statusOf(results: readonly Result[]): number {
  for (const again of [503, 429]) if (results.some(({ status }) => status === again)) return again
  if (results.some(({ status }) => status >= 500)) return 503
  return results.some(({ status }) => status === 202) ? 202 : 422
}

function pauseOf(results: readonly Pick<Result, 'status'>[]): Record<string, string> {
  return results.some(({ status }) => status === 429 || status >= 500) ? { 'Retry-After': '1' } : {}
}
