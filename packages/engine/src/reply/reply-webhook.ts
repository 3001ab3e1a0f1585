import type { BulkheadError } from '@bulkhead/connector-sdk'
import { fault, type ReplyEvent } from '@bulkhead/contract'

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
  const headers = await headersOf(event.id, body, secret)
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
  if (status !== 429 && status !== 408 && status < 500) throw fault('reply-refused', reason)
  const retryAfterMs = retryAfter(response.headers.get('retry-after'))
  throw fault('reply-failed', reason, { ...(retryAfterMs > 0 && { retryAfterMs }) })
}

function unreached(error: unknown): BulkheadError {
  const { name, cause } = error as { readonly name: string; readonly cause?: { readonly code?: unknown } }
  const code = typeof cause?.code === 'string' ? cause.code : 'the address cannot be used'
  const reason = name === 'TimeoutError' ? 'no answer in time' : code
  // codes of the system and of the client; what the guard or the client itself refuses stays refused
  const passes = name === 'TimeoutError' || /^(E[A-Z]+|UND_ERR_\w+)$/.test(code)
  return fault(passes ? 'reply-failed' : 'reply-refused', `The receiver could not be reached (${reason})`)
}

/** Signed anew for every try: receivers refuse an old time. */
async function headersOf(
  id: string,
  body: string,
  secret: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  const now = new Date()
  const plain = {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
  }
  if (secret === undefined) return plain
  const { Webhook } = await import('standardwebhooks')
  try {
    const webhook = secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' })
    return { ...plain, 'webhook-signature': webhook.sign(id, now, body) }
  } catch {
    // its own error may quote what it read
    throw fault('reply-refused', 'The secret of the signature cannot be used', {
      fix: 'Write `whsec_` and base64, or a text without `whsec_`',
    })
  }
}

/** Seconds or a date. @see RFC 9110, 10.2.3 */
function retryAfter(header: string | null): number {
  if (header === null) return 0
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) && ms > 0 ? ms : 0
}
