import type { BulkheadError } from '@bulkhead/connector-sdk'
import { fault, type ReplyEvent } from '@bulkhead/contract'
import { failureOf, retryAfterMs, statusPasses } from '../webhook/failure.ts'
import { signedHeaders } from '../webhook/signed-headers.ts'

/** One try has so long; a receiver that takes longer should take the event and think afterwards. */
const patienceMs = 10_000

/**
 * Posts a reply once and resolves when the receiver took it (any 2xx).
 *
 * @param secret  of the signature; undefined: the event is not signed
 * @throws BulkheadError `reply-failed` when it could not be reached, was busy or broken, with `retryAfterMs` when it
 *         said when; `reply-refused` when it would refuse the same again. Neither holds the address
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function postReply(
  event: ReplyEvent,
  url: string,
  secret: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify(event)
  const headers = {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    ...(await signedHeaders(event.id, body, secret, unusableSecret)),
  }
  let response
  try {
    response = await fetch(url, {
      method: 'POST',
      body,
      headers,
      // an address that was not declared must not be reached by a detour
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
    })
    await response.body?.cancel()
  } catch (error) {
    signal.throwIfAborted()
    throw unreached(error)
  }
  if (response.ok) return
  const { status } = response
  const reason = `The receiver answered ${status}`
  if (!statusPasses(status)) throw fault('reply-refused', reason)
  const waitMs = retryAfterMs(response.headers.get('retry-after'))
  throw fault('reply-failed', reason, { ...(waitMs > 0 && { retryAfterMs: waitMs }) })
}

function unreached(error: unknown): BulkheadError {
  const { reason, passes } = failureOf(error)
  return fault(passes ? 'reply-failed' : 'reply-refused', `The receiver could not be reached (${reason})`)
}

function unusableSecret(): BulkheadError {
  return fault('reply-refused', 'The secret of the signature cannot be used', {
    fix: 'Write `whsec_` and base64, or a text without `whsec_`',
  })
}
