/** Why a call of an endpoint came to nothing, in words that hold no address. */
export interface CallFailure {
  readonly reason: string
  /** Whether the same call may come to something later. */
  readonly passes: boolean
}

interface Coded {
  readonly code?: unknown
}

/** What `fetch`, or a request of Node, threw. */
export function failureOf(error: unknown): CallFailure {
  const { name, cause, code: own } = error as Coded & { readonly name: string; readonly cause?: Coded }
  const found = cause?.code ?? own
  const code = typeof found === 'string' ? found : 'the address cannot be used'
  const reason = name === 'TimeoutError' ? 'no answer in time' : code
  // codes of the system and of the client; what the guard or the client itself refuses stays refused
  return { reason, passes: name === 'TimeoutError' || /^(E[A-Z]+|UND_ERR_\w+)$/.test(code) }
}

/** Whether a status says that the same call may come to something later. */
export function statusPasses(status: number): boolean {
  return status === 429 || status === 408 || status >= 500
}

/** Milliseconds until it may be tried again; 0 when it does not say. Seconds or a date. @see RFC 9110, 10.2.3 */
export function retryAfterMs(header: string | null): number {
  if (header === null) return 0
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) && ms > 0 ? ms : 0
}
