import { eventType, fault } from '@bulkhead/contract'

/** A JobSink makes a Job of an event at once. */
const patienceMs = 10_000

/**
 * Gives an event to a JobSink, which runs it in a Job of its own; resolves when it has been taken.
 * @throws BulkheadError `hand-over-failed`
 */
export async function handOver(sink: URL, event: string): Promise<void> {
  let status: number
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
  } catch (cause) {
    throw fault('hand-over-failed', 'The JobSink does not answer', { cause })
  }
  if (status < 200 || status > 299) throw fault('hand-over-failed', `The JobSink answered ${status}`)
}
