import { isBulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { largestSecretBytes } from './secret-provider.ts'

/** Longer than any honest answer takes; a run waits for it, and asks again when its retry says so. */
const patienceMs = 5_000
/** A secret in JSON, escaped, with what stands around it. */
const mostBytes = 8 * largestSecretBytes

export interface ProviderAnswer {
  readonly status: number
  /** Undefined for what is no JSON object. */
  readonly body: Readonly<Record<string, unknown>> | undefined
}

/**
 * One question to a provider over HTTP. It follows no redirect: what is sent is a credential.
 *
 * @param what  the provider, for errors: `Vault at https://vault:8200`
 * @throws BulkheadError `secret-provider-unavailable` when nobody answers, or answers that he cannot now
 */
export async function askProvider(
  what: string,
  url: URL,
  request: Pick<RequestInit, 'method' | 'headers' | 'body'>,
): Promise<ProviderAnswer> {
  try {
    const signal = AbortSignal.timeout(patienceMs)
    const answer = await fetch(url, { ...request, redirect: 'error', signal })
    const { status } = answer
    const body = await readBody(answer, what)
    if (status === 429 || status >= 500)
      throw fault('secret-provider-unavailable', `${what} cannot answer now: HTTP ${status}`)
    return { status, body }
  } catch (error) {
    if (isBulkheadError(error)) throw error
    throw fault('secret-provider-unavailable', `${what} cannot be reached: ${reasonOf(error)}`)
  }
}

async function readBody(answer: Response, what: string): Promise<ProviderAnswer['body']> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.length
    parts.push(part)
    if (bytes > mostBytes)
      throw fault('secret-unreadable', `${what} answers with more than ${mostBytes} bytes`, {
        fix: 'Keep the secret alone there',
      })
  }
  const all = Buffer.concat(parts)
  try {
    const value: unknown = JSON.parse(all.toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as ProviderAnswer['body']) : undefined
  } catch {
    return undefined // what V8 says of it quotes it
  } finally {
    for (const part of [...parts, all]) part.fill(0)
  }
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as Error & {
    readonly cause?: { readonly code?: unknown; readonly message?: unknown }
  }
  if (name === 'TimeoutError') return `no answer in ${patienceMs / 1000} seconds`
  if (typeof cause?.code === 'string') return cause.code
  return cause?.message === 'unexpected redirect' ? 'it redirects' : 'the connection failed'
}
