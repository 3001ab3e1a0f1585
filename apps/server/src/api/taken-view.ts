import { BulkheadError } from '@bulkhead/connector-sdk'
import type { RunAccepted } from '@bulkhead/contract'
import type { Taken } from '../intake/intake.ts'
import { type ProblemAnswer, problemOf } from './problem.ts'
import { runAccepted } from './views.ts'

/** What a request over HTTP is answered at once: the answer to it goes to its reply destinations. */
export type TakenView =
  | { readonly accepted: RunAccepted }
  | { readonly accepted?: undefined; readonly refusal: ProblemAnswer }

/** It is durable now, or refused for good. A repeat of one that was refused is refused as it was then. */
export function takenView(taken: Taken): TakenView {
  if (taken.is === 'unreadable') return { refusal: problemOf(taken.error) }
  if (taken.is === 'refused') return { refusal: problemOf(taken.error, { runId: taken.run?.runId }) }
  const { runId, startedAtMs, reply } = taken.run
  // what never began was refused when it came
  if (taken.is !== 'answered' || startedAtMs !== undefined || reply?.status !== 'failed')
    return { accepted: runAccepted(taken.run, taken.is) }
  const { code = 'internal', kind = 'bug', message = '', path, fix } = reply.error ?? {}
  const error = new BulkheadError({
    code,
    kind,
    message,
    ...(path !== undefined && { path }),
    ...(fix !== undefined && { fix }),
  })
  return { refusal: problemOf(error, { runId }) }
}
