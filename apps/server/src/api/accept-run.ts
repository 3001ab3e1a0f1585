import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { fault, idempotencyKey, requestIdentityOf } from '@bulkhead/contract'
import type { Arrival, Intake, Taken } from '../intake/intake.ts'
import type { Answer, Call, Handlers } from './call.ts'
import { takenView } from './taken-view.ts'

/** Requests over HTTP, as they are: the plain form, and whole CloudEvents. */
export function acceptHandlers(intake: Intake): Handlers<'startJobRun' | 'startRun'> {
  const start = async (
    call: Pick<Call, 'caller' | 'traceparent' | 'headers'>,
    own: Pick<Arrival, 'application' | 'job' | 'input'>,
  ): Promise<Answer> => {
    const { caller, traceparent, headers } = call
    const taken = await intake.take({
      ...own,
      requestId: idOf(headers, own.input),
      actor: caller.actor,
      ...(traceparent !== undefined && { traceparent }),
    })
    return takenAnswer(taken)
  }
  return {
    startJobRun: (call) => start(call, { ...call.params, input: call.bytes ?? '{}' }),
    startRun: (call) => start(call, { ...call.params, input: call.bytes ?? '' }),
  }
}

/**
 * The id that a request without one gets: the caller's key, or a new one, which makes each call a request of its own.
 * @throws BulkheadError `call-invalid` for a key that cannot be one, or is not the id in the body
 * @see draft-ietf-httpapi-idempotency-key-header: the key is a string of structured fields, in quotes; bare ones are common
 */
function idOf(headers: IncomingHttpHeaders, input: unknown): string {
  const { 'idempotency-key': header } = headers
  if (header === undefined) return `http-${randomUUID()}`
  const read = idempotencyKey.safeParse(String(header).replace(/^"(.*)"$/, '$1'))
  if (!read.success)
    throw fault('call-invalid', 'The Idempotency-Key must be 1 to 256 printable characters', {
      path: 'Idempotency-Key',
    })
  const { id } = requestIdentityOf(input)
  if (id !== undefined && id !== read.data)
    throw fault('call-invalid', 'The Idempotency-Key is not the id that the request has', {
      path: 'Idempotency-Key',
      fix: 'Give one of the two, or the same for both',
    })
  return read.data
}

function takenAnswer(taken: Taken): Answer {
  const view = takenView(taken)
  if (view.accepted === undefined) {
    const { problem, headers } = view.refusal
    return { status: problem.status, body: problem, type: 'application/problem+json', headers }
  }
  return { status: 202, body: view.accepted, headers: { Location: view.accepted.run } }
}
