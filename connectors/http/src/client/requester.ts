import type { BulkheadError, Log } from '@bulkhead/connector-sdk'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import type { Authorizer } from '../auth/authorizer.ts'
import { httpFault } from '../errors.ts'
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts'
import { Pace, pause } from './pace.ts'
import { exhaustedForMs, retryAfterMs } from './rate-limit.ts'
import { refusal } from './refusal.ts'

export interface RequesterOptions {
  readonly client: HttpClient
  readonly authorizer: Authorizer
  readonly attempts: number
  readonly longestWaitMs: number
  readonly requestsPerSecond: number | undefined
  readonly secrets: readonly string[]
  /** Whether it asks the API, or the token endpoint. */
  readonly role: 'api' | 'token'
  readonly log: Log
}

const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 30_000

/**
 * Sends requests until one succeeds: with credentials, at the pace that settings and server allow, and
 * again after what passes by itself. One page is tried again here, because the engine could only begin
 * the whole read again.
 */
export class Requester {
  readonly #options: RequesterOptions
  readonly #pace: Pace

  constructor(options: RequesterOptions) {
    this.#options = options
    this.#pace = new Pace(options.requestsPerSecond)
  }

  /**
   * @param what  for messages and the log: `page 3`
   * @param alsoGood  a status that is no failure here
   * @returns an answer of status 2xx, 202 apart, or of that one
   * @throws BulkheadError by the status, or by the fault of the connection
   */
  async request(
    request: HttpRequest,
    what: string,
    signal: AbortSignal,
    alsoGood?: number,
  ): Promise<HttpAnswer> {
    const { client, authorizer, attempts, log } = this.#options
    let renewed = false
    for (let attempt = 1; ; attempt++) {
      let fault: unknown
      try {
        await this.#pace.turn(signal)
        const sent = await authorizer.authorize(request, signal)
        const answer = await client.send(sent, signal)
        const asked = this.#heed(answer)
        if (isAnswer(answer.status) || answer.status === alsoGood) return answer
        if (answer.status === 401 && !renewed && authorizer.renew()) {
          answer.discard()
          renewed = true
          attempt-- // A token that ended early is no failure of the request.
          continue
        }
        const isThrottled =
          answer.status === 429 || (asked !== undefined && [403, 503].includes(answer.status))
        fault = await this.#faultOf(answer, sent, what, { isThrottled, askedMs: asked }, signal)
      } catch (error) {
        fault = error
      }
      signal.throwIfAborted()
      if (!isBulkheadError(fault) || !fault.retryable || attempt >= attempts || this.#isTooLong(fault))
        throw fault
      const waitMs = Math.max(fault.retryAfterMs ?? 0, delayMs(attempt))
      log.warn(`Request of ${what} failed, another follows: ${fault.message}`, {
        code: fault.code,
        attempt,
        delayMs: waitMs,
      })
      await pause(waitMs, signal)
    }
  }

  /** Takes note of what the answer says about the next request. @returns how long it asks to wait */
  #heed({ headers }: HttpAnswer): number | undefined {
    const now = Date.now()
    const exhausted = exhaustedForMs(headers, now)
    const { longestWaitMs, log } = this.#options
    if (exhausted !== undefined && exhausted > 0) {
      // Where it asks for more, the next request may try: the server then refuses, and says so itself.
      if (exhausted <= longestWaitMs) this.#pace.hold(exhausted)
      log.info('The rate limit of the server is used up', { waitMs: exhausted })
    }
    return retryAfterMs(headers, now) ?? exhausted
  }

  async #faultOf(
    answer: HttpAnswer,
    sent: HttpRequest,
    what: string,
    { isThrottled, askedMs }: { readonly isThrottled: boolean; readonly askedMs: number | undefined },
    signal: AbortSignal,
  ): Promise<BulkheadError> {
    const { status, url } = answer
    if (isThrottled) {
      answer.discard()
      return httpFault('http-throttled', `${url.host} refuses ${what} for now (status ${status})`, {
        retryAfterMs: askedMs ?? 0,
      })
    }
    if (status === 202) {
      answer.discard()
      return httpFault('http-unavailable', `${url.host} has ${what} not ready yet (status ${status})`, {
        ofConnection: false, // others may be ready
        ...(askedMs !== undefined && { retryAfterMs: askedMs }),
      })
    }
    if (status === 408 || status === 425 || (status >= 500 && status !== 501)) {
      answer.discard()
      return httpFault('http-unavailable', `${url.host} fails at ${what} (status ${status})`, {
        ofConnection: status !== 500, // which says that this request failed, and nothing about others
        ...(askedMs !== undefined && { retryAfterMs: askedMs }),
      })
    }
    const { secrets, role } = this.#options
    // A token that was fetched is in no settings.
    const shown = sent.headers['authorization']?.split(' ').slice(1) ?? []
    return await refusal(answer, what, { secrets: [...secrets, ...shown], role }, signal)
  }

  #isTooLong(fault: BulkheadError): boolean {
    return (fault.retryAfterMs ?? 0) > this.#options.longestWaitMs
  }
}

/** 202 says that the answer is still being made: what comes with it would be taken for all there is. */
function isAnswer(status: number): boolean {
  return status >= 200 && status < 300 && status !== 202
}

/** Doubles from attempt to attempt, with full jitter above a half: what failed together does not come back together. */
function delayMs(attempt: number): number {
  const most = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1))
  return Math.round(most / 2 + (Math.random() * most) / 2)
}
