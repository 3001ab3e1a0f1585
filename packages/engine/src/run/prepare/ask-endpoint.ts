import { setTimeout as sleep } from 'node:timers/promises'
import { type BulkheadError, isBulkheadError, type PrepareRequest } from '@bulkhead/connector-sdk'
import { fault, parseExactJson, settleNumbers } from '@bulkhead/contract'
import { retryDecision, type RetryRules } from '../../retry/retry-delay.ts'
import { failureOf, retryAfterMs, statusPasses } from '../../webhook/failure.ts'
import { signedHeaders } from '../../webhook/signed-headers.ts'
import { mostResultBytes } from './read-prepared.ts'

export interface Endpoint {
  readonly url: string
  /** The address without its query, for messages. */
  readonly by: string
  /** Where it stands in the manifest, for errors. */
  readonly path: string
  /** Of the signature; undefined: nothing is signed. */
  readonly secret: string | undefined
  /** As the job says; all tries together have the time of `prepare`. */
  readonly retry: RetryRules
}

/**
 * Posts the request to an endpoint of the application, which answers as a preparing file would return. What may pass is
 * tried again until the signal says that the time is over. The id of the webhook is the run's: a repeat is known by it.
 *
 * @throws BulkheadError `prepare-unreachable`, `prepare-failed`, `prepare-result-invalid`
 */
export async function askEndpoint(
  endpoint: Endpoint,
  request: PrepareRequest,
  signal: AbortSignal,
): Promise<unknown> {
  const body = JSON.stringify(request, (_, item: unknown) =>
    typeof item === 'bigint' ? item.toString() : item,
  )
  const decide = retryDecision(endpoint.retry)
  const began = performance.now()
  for (let attempts = 1; ; attempts++) {
    try {
      return await post(endpoint, request.runId, body, signal)
    } catch (error) {
      const delayMs = decide({ error, attempts, elapsedMs: performance.now() - began })
      if (signal.aborted || delayMs === undefined) throw error
      await sleep(delayMs, undefined, { signal })
    }
  }
}

async function post(
  { url, by, path, secret }: Endpoint,
  id: string,
  body: string,
  signal: AbortSignal,
): Promise<unknown> {
  const signed = await signedHeaders(id, body, secret, () => unusableSecret(path))
  let response
  try {
    response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json; charset=utf-8', accept: 'application/json', ...signed },
      // an address that was not declared must not be reached by a detour
      redirect: 'manual',
      signal,
    })
  } catch (cause) {
    signal.throwIfAborted()
    // the policy of the application says more than the client that it stopped
    const refusal = (cause as { readonly cause?: unknown }).cause
    if (isBulkheadError(refusal)) throw refusal
    const { reason, passes } = failureOf(cause)
    throw fault(passes ? 'prepare-unreachable' : 'prepare-failed', `${by} could not be reached (${reason})`, {
      path,
      cause,
    })
  }
  if (response.ok) return await jsonOf(response, by, path, signal)
  await response.body?.cancel()
  const reason = `${by} answered ${response.status}`
  if (!statusPasses(response.status)) throw fault('prepare-failed', reason, { path })
  const waitMs = retryAfterMs(response.headers.get('retry-after'))
  throw fault('prepare-unreachable', reason, { path, ...(waitMs > 0 && { retryAfterMs: waitMs }) })
}

/** The body as JSON that keeps every digit, read no further than it may be long (I8). */
async function jsonOf(response: Response, by: string, path: string, signal: AbortSignal): Promise<unknown> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const piece of response.body ?? []) {
      bytes += piece.length
      if (bytes > mostResultBytes)
        throw fault('prepare-result-invalid', `${by} answered with more than ${mostResultBytes / 1024} KiB`, {
          path,
        })
      pieces.push(piece)
    }
  } catch (cause) {
    if (bytes > mostResultBytes) throw cause
    signal.throwIfAborted()
    throw fault('prepare-unreachable', `The answer of ${by} broke off`, { path, cause })
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces))
    return settleNumbers(parseExactJson(text), (number) => number.value())
  } catch (cause) {
    throw fault('prepare-result-invalid', `${by} answered with what is not JSON`, { path, cause })
  }
}

function unusableSecret(path: string): BulkheadError {
  return fault('prepare-failed', 'The secret of the signature cannot be used', {
    path,
    fix: 'Write `whsec_` and base64, or a text without `whsec_`',
  })
}
