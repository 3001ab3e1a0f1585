import type { BulkheadError } from '@bulkhead/connector-sdk'
import { httpFault } from '../errors.ts'
import type { HttpAnswer } from './http-client.ts'

/** What a server says about its refusal is read up to here. */
const MAX_BYTES = 16 * 1024
const MAX_TEXT = 200
/** And so long: what comes drop by drop is not waited for. */
const MAX_MS = 2000

/** The error for a status that no further attempt will change. */
export async function refusal(
  answer: HttpAnswer,
  what: string,
  { secrets, role }: { readonly secrets: readonly string[]; readonly role: 'api' | 'token' },
  signal: AbortSignal,
): Promise<BulkheadError> {
  const { status, url } = answer
  const said = await saidBy(answer, secrets, signal)
  const message = `${url.host} refuses ${what} (status ${status})${said}`
  if (role === 'token')
    return [400, 401, 403].includes(status)
      ? httpFault('http-token-refused', message, { path: 'config.auth' })
      : httpFault('http-token-invalid', message, { path: 'config.auth.endpoint' })
  switch (status) {
    case 401:
      return httpFault('http-login-refused', message, { path: 'config.auth' })
    case 403:
      return httpFault('http-forbidden', message, { path: 'config.auth' })
    case 404:
    case 410:
      return httpFault('http-not-found', message, { path: 'query.path' })
    default:
      return httpFault('http-request-refused', message, { path: 'query' })
  }
}

/** A title of the problem, as RFC 9457 and many others have it; nothing that looks like a secret or like data. */
async function saidBy(answer: HttpAnswer, secrets: readonly string[], signal: AbortSignal): Promise<string> {
  const text = await textOf(answer, signal)
  const title = titleIn(text)
  if (title === undefined || secrets.some((secret) => secret !== '' && title.includes(secret))) return ''
  return `: ${title
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_TEXT)
    .replace(/\.+$/, '')}`
}

async function textOf(answer: HttpAnswer, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  const late = setTimeout(() => answer.discard(), MAX_MS)
  try {
    for await (const chunk of answer.body) {
      chunks.push(chunk)
      length += chunk.length
      if (length > MAX_BYTES) break
    }
  } catch {
    signal.throwIfAborted() // The status says enough.
  } finally {
    clearTimeout(late)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function titleIn(text: string): string | undefined {
  let problem: unknown
  try {
    problem = JSON.parse(text)
  } catch {
    return undefined
  }
  const fields = (value: unknown): Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {}
  const outer = fields(problem)
  const inner = fields(outer['error'])
  const candidates = [
    outer['title'],
    outer['message'],
    inner['message'],
    outer['error'],
    inner['code'],
    outer['detail'],
  ]
  return candidates.find((value): value is string => typeof value === 'string' && value.trim() !== '')
}
