import { setTimeout as sleep } from 'node:timers/promises'
import type { ReplyEvent } from '@bulkhead/contract'
import { ExponentialBackoff } from 'cockatiel'

/** One try has so long; a receiver that takes longer should take the event and think afterwards. */
const patienceMs = 10_000
const attempts = 5
const longestWaitMs = 20_000

/**
 * Posts a reply and resolves when the receiver took it (any 2xx). Tries again with backoff when it could
 * not be reached, was busy or broken; what it refuses otherwise it would refuse again.
 *
 * @param secret  of the signature; undefined: the event is not signed
 * @throws Error  saying what the last try came to, without the address
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function postReply(
  event: ReplyEvent,
  url: string,
  secret: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify(event)
  let backoff = new ExponentialBackoff({ initialDelay: 500, maxDelay: longestWaitMs }).next()
  for (let attempt = 1; ; attempt++) {
    const answer = await post(url, body, await headers(event.id, body, secret), signal)
    if (answer.taken) return
    if (!answer.again || attempt === attempts) throw new Error(answer.reason)
    await sleep(Math.min(longestWaitMs, Math.max(backoff.duration, answer.afterMs)), undefined, { signal })
    backoff = backoff.next(undefined)
  }
}

type Answer =
  | { readonly taken: true }
  | { readonly taken: false; readonly again: boolean; readonly afterMs: number; readonly reason: string }

async function post(
  url: string,
  body: string,
  ownHeaders: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: ownHeaders,
      // an address that was not declared must not be reached by a detour
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
    })
    await response.body?.cancel()
    if (response.ok) return { taken: true }
    const { status } = response
    return {
      taken: false,
      again: status === 429 || status === 408 || status >= 500,
      afterMs: retryAfter(response.headers.get('retry-after')),
      reason: `the receiver answered ${status}`,
    }
  } catch (error) {
    signal.throwIfAborted()
    const { name, cause } = error as { readonly name: string; readonly cause?: { readonly code?: unknown } }
    if (name === 'TimeoutError') return unreached('no answer in time', true)
    const code = typeof cause?.code === 'string' ? cause.code : 'the address cannot be used'
    // codes of the system and of the client; what the guard or the client itself refuses stays refused
    return unreached(code, /^(E[A-Z]+|UND_ERR_\w+)$/.test(code))
  }
}

function unreached(reason: string, again: boolean): Answer {
  return { taken: false, again, afterMs: 0, reason: `the receiver could not be reached (${reason})` }
}

/** Signed anew for every try: receivers refuse an old time. */
async function headers(
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
  const webhook = secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' })
  return { ...plain, 'webhook-signature': webhook.sign(id, now, body) }
}

/** Seconds or a date. @see RFC 9110, 10.2.3 */
function retryAfter(header: string | null): number {
  if (header === null) return 0
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) && ms > 0 ? ms : 0
}
