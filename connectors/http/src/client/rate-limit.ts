import type { IncomingHttpHeaders } from 'node:http'

/** What a server says about when to come again. */

/**
 * Milliseconds of `Retry-After`, in seconds or as a date.
 * @param nowMs  for a date, when the answer has no `Date` of its own: clocks differ
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterMs(headers: IncomingHttpHeaders, nowMs: number): number | undefined {
  const text = headers['retry-after']?.trim()
  if (text === undefined) return undefined
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000)
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - serverTime(headers, nowMs))
}

/**
 * Milliseconds until requests are allowed again, when the answer says that none is left; undefined when
 * some are, or it says nothing. Understands `X-RateLimit-Remaining` with `X-RateLimit-Reset` (and
 * `X-Rate-Limit-…`, `RateLimit-…`), and the `RateLimit` of the IETF draft: `"default";r=0;t=30`.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
export function exhaustedForMs(headers: IncomingHttpHeaders, nowMs: number): number | undefined {
  for (const prefix of ['x-ratelimit', 'x-rate-limit', 'ratelimit']) {
    const remaining = one(headers[`${prefix}-remaining`])
    const reset = one(headers[`${prefix}-reset`])
    if (remaining === undefined || reset === undefined || !/^0+$/.test(remaining.trim())) continue
    return untilReset(reset.trim(), headers, nowMs)
  }
  const limit = one(headers['ratelimit'])
  if (limit === undefined) return undefined
  const waits = limit.split(',').flatMap((policy) => {
    const remaining = /;\s*r=(\d+)/.exec(policy)?.[1]
    const seconds = /;\s*t=(\d{1,9})/.exec(policy)?.[1]
    return remaining !== undefined && seconds !== undefined && Number(remaining) === 0
      ? [Number(seconds) * 1000]
      : []
  })
  return waits.length === 0 ? undefined : Math.max(...waits)
}

/** Seconds from now, or, when too large for that, seconds or milliseconds since 1970; or a date. */
function untilReset(reset: string, headers: IncomingHttpHeaders, nowMs: number): number | undefined {
  const at = /^\d{1,15}(\.\d+)?$/.test(reset) ? Number(reset) : Date.parse(reset) / 1000
  if (Number.isNaN(at)) return undefined
  if (at < 1e9) return Math.ceil(at * 1000)
  const resetMs = at < 1e12 ? at * 1000 : at
  return Math.max(0, Math.ceil(resetMs - serverTime(headers, nowMs)))
}

function serverTime(headers: IncomingHttpHeaders, nowMs: number): number {
  const date = Date.parse(headers.date ?? '')
  return Number.isNaN(date) ? nowMs : date
}

function one(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}
