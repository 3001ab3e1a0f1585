import { Agent, request } from 'node:http'
import { Agent as EncryptedAgent, request as requestEncrypted } from 'node:https'
import type { BulkheadError } from '@bulkhead/connector-sdk'
import { fault, type ReplyEvent } from '@bulkhead/contract'
import { failureOf, retryAfterMs, statusPasses } from '../webhook/failure.ts'
import { signedHeaders } from '../webhook/signed-headers.ts'

/** One try has so long; a receiver that takes longer should take the event and think afterwards. */
const patienceMs = 10_000
const mostAnswerBytes = 64 * 1024
const agents = { http: new Agent({ keepAlive: true }), https: new EncryptedAgent({ keepAlive: true }) }

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
  let answer: Answer
  try {
    answer = await post(url, body, headers, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw unreached(error)
  }
  const { status, retryAfter } = answer
  if (status >= 200 && status < 300) return
  const reason = `The receiver answered ${status}`
  if (!statusPasses(status)) throw fault('reply-refused', reason)
  const waitMs = retryAfterMs(retryAfter)
  throw fault('reply-failed', reason, { ...(waitMs > 0 && { retryAfterMs: waitMs }) })
}

interface Answer {
  readonly status: number
  readonly retryAfter: string | null
}

/**
 * No `fetch`: its streams and signals cost as much as the rest of a small reply. It follows nobody: an address that was not declared
 * must not be reached by a detour.
 */
async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer> {
  const address = new URL(url)
  if (address.username !== '' || address.password !== '') throw new TypeError('It has credentials')
  const isEncrypted = address.protocol === 'https:'
  const send = isEncrypted ? requestEncrypted : request
  const agent = isEncrypted ? agents.https : agents.http
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const length = Buffer.byteLength(body)
  const sent = send(address, {
    method: 'POST',
    agent,
    signal,
    headers: { ...headers, 'content-length': length },
  })
  const timer = setTimeout(() => sent.destroy(new DOMException('No answer', 'TimeoutError')), patienceMs)
  sent.on('error', reject)
  sent.once('response', (response) => {
    const { statusCode = 0, headers: told } = response
    let bytes = 0
    // the connection is used again, unless the receiver has more to say than anybody reads
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > mostAnswerBytes) sent.destroy()
    })
    response.on('error', () => undefined)
    resolve({ status: statusCode, retryAfter: told['retry-after'] ?? null })
  })
  sent.once('close', () => clearTimeout(timer))
  sent.end(body)
  try {
    return await promise
  } catch (error) {
    // the receiver closed a connection that it had kept, before it saw anything of this event
    if (sent.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET' && !signal.aborted)
      return await post(url, body, headers, signal)
    throw error
  }
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
