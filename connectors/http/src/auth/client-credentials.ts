import { unlessAborted, z } from '@bulkhead/connector-sdk'
import type { HttpAnswer } from '../client/http-client.ts'
import type { Requester } from '../client/requester.ts'
import type { AuthConfig } from '../config.ts'
import { httpFault } from '../errors.ts'
import { type Authorizer, withHeader } from './authorizer.ts'

type OAuth2 = Extract<AuthConfig, { type: 'oauth2' }>

const MAX_ANSWER = 256 * 1024
/** A token is renewed so long before it ends: a request takes time too. At most a tenth of its life. */
const EARLY_MS = 60_000

const tokenAnswer = z.object({
  access_token: z.string().min(1),
  token_type: z.string().optional(),
  expires_in: z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).optional(),
})

/**
 * OAuth 2.0 client credentials. The token is fetched with the first request, once for requests that
 * come together, and again before it ends.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 */
export class ClientCredentials implements Authorizer {
  readonly #auth: OAuth2
  readonly #requester: Requester
  readonly #closed: AbortSignal
  #token: { readonly value: string; readonly renewAtMs: number } | undefined
  #fetching: Promise<string> | undefined

  /**
   * @param requester  sends to the token endpoint, without credentials of its own
   * @param closed     ends with the connection
   */
  constructor(auth: OAuth2, requester: Requester, closed: AbortSignal) {
    this.#auth = auth
    this.#requester = requester
    this.#closed = closed
  }

  async authorize(request: Parameters<Authorizer['authorize']>[0], signal: AbortSignal) {
    return withHeader(request, 'authorization', `Bearer ${await this.#current(signal)}`)
  }

  renew(): boolean {
    this.#token = undefined
    return true
  }

  async #current(signal: AbortSignal): Promise<string> {
    // Before a token is asked for that nobody would wait for, nor hear the failure of.
    signal.throwIfAborted()
    if (this.#token !== undefined && performance.now() < this.#token.renewAtMs) return this.#token.value
    // Who stops waiting does not take the token from others who wait for it too.
    this.#fetching ??= this.#fetch(this.#closed).finally(() => (this.#fetching = undefined))
    return await unlessAborted(this.#fetching, signal)
  }

  async #fetch(signal: AbortSignal): Promise<string> {
    const { endpoint, clientId, clientSecret, scope, audience, resource, send } = this.#auth
    const form = new URLSearchParams({ grant_type: 'client_credentials' })
    if (scope !== undefined) form.set('scope', scope)
    if (audience !== undefined) form.set('audience', audience)
    if (resource !== undefined) form.set('resource', resource)
    const headers: Record<string, string> = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    }
    if (send === 'body') {
      form.set('client_id', clientId)
      form.set('client_secret', clientSecret)
    } else
      headers['authorization'] =
        `Basic ${Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`).toString('base64')}`
    const sentMs = performance.now()
    const answer = await this.#requester.request(
      { method: 'POST', url: new URL(endpoint), headers, body: form.toString() },
      'a token',
      signal,
    )
    const { access_token: value, token_type: type, expires_in: seconds } = await parse(answer)
    if (type !== undefined && type.toLowerCase() !== 'bearer')
      throw invalid(answer, 'a token of another kind than Bearer')
    if (!/^[\x21-\x7e]+$/.test(value))
      throw invalid(answer, 'a token with characters that no header can have')
    const lifeMs = seconds === undefined ? Infinity : seconds * 1000
    this.#token = { value, renewAtMs: sentMs + lifeMs - Math.min(EARLY_MS, lifeMs / 10) }
    return value
  }
}

async function parse(answer: HttpAnswer): Promise<z.output<typeof tokenAnswer>> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer.body) {
    length += chunk.length
    if (length > MAX_ANSWER) throw invalid(answer, 'far more than a token')
    chunks.push(chunk)
  }
  try {
    return tokenAnswer.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
  } catch {
    // The cause would quote the answer, which holds the token.
    throw invalid(answer, 'what is no token')
  }
}

function invalid({ url }: HttpAnswer, what: string): Error {
  return httpFault('http-token-invalid', `The token endpoint at ${url.host} answers with ${what}`, {
    path: 'config.auth.endpoint',
  })
}

/** As RFC 6749, section 2.3.1, wants user and password of a client. */
function formEncoded(text: string): string {
  return new URLSearchParams({ x: text }).toString().slice(2)
}
