import { eventType, fault } from '@bulkhead/contract'

/** A JobSink makes a Job of an event at once. */
const patienceMs = 10_000

/**
 * Gives an event to a JobSink, which runs it in a Job of its own; resolves when it has been taken.
 * @throws BulkheadError `hand-over-failed`; `queue-full` when it takes no more for now
 */
export async function handOver(sink: URL, event: string): Promise<void> {
  let status: number
  let retryAfter: string | null
  try {
    const answer = await fetch(sink, {
      method: 'POST',
      headers: { 'content-type': eventType },
      body: event,
      redirect: 'error',
      signal: AbortSignal.timeout(patienceMs),
    })
    await answer.body?.cancel()
    status = answer.status
    retryAfter = answer.headers.get('retry-after')
  } catch (cause) {
    throw fault('hand-over-failed', 'The JobSink does not answer', { cause })
  }
  // it says "not now", and whoever sent the event is told the same
  if (status === 429)
    throw fault('queue-full', 'The JobSink takes no more for now', {
      fix: 'Send the event again later',
      ...(/^\d{1,6}$/.test(retryAfter ?? '') && { retryAfterMs: Number(retryAfter) * 1000 }),
    })
  if (status < 200 || status > 299) throw fault('hand-over-failed', `The JobSink answered ${status}`)
}
