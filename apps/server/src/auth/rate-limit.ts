/** Token buckets, one a caller: a caller that floods slows itself down and nobody else (I7). */

export interface RateLimit {
  /** @returns 0 when the call may go on, else milliseconds until the next one may */
  take(caller: string): number
}

export interface RateLimitOptions {
  readonly perSecond: number
  /** Calls at once, after a pause; default: those of one second. */
  readonly burst?: number
  /** Callers that are remembered; the one that was quiet for longest is forgotten first (I8). */
  readonly mostCallers?: number
  /** Epoch milliseconds. */
  readonly now: () => number
}

export function createRateLimit({ perSecond, now, ...options }: RateLimitOptions): RateLimit {
  const burst = options.burst ?? Math.max(1, perSecond)
  const mostCallers = options.mostCallers ?? 10_000
  const buckets = new Map<string, { readonly tokens: number; readonly at: number }>()
  return {
    take(caller) {
      const at = now()
      const before = buckets.get(caller)
      const tokens =
        before === undefined
          ? burst
          : Math.min(burst, before.tokens + (Math.max(0, at - before.at) * perSecond) / 1000)
      // the map is in the order of use, so that its first entry is the quietest caller
      buckets.delete(caller)
      if (buckets.size >= mostCallers) buckets.delete(buckets.keys().next().value ?? '')
      buckets.set(caller, { tokens: tokens >= 1 ? tokens - 1 : tokens, at })
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1000) / perSecond)
    },
  }
}

/** An address as a caller: of IPv6 the network, because one caller has all addresses of it. */
export function callerOfAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address
  const [head = '', tail] = address.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length)
  return [...front, ...Array.from({ length: zeros }, () => '0'), ...back].slice(0, 4).join(':')
}
