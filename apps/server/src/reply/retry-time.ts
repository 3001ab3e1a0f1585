/** When a message that could not be sent is tried again. */

const firstMs = 1000
const longestMs = 30 * 60_000
/** A receiver that says when is believed as far as this. */
const longestWishMs = 60 * 60_000

/** Some fifteen hours. A message that nobody took by then is shown as failed, and can be sent again. */
export const mostTries = 40

/**
 * Milliseconds to wait: twice as long from time to time, less up to a half by chance, so that messages that failed
 * together do not come back together.
 *
 * @param tries   that failed so far, the last one included
 * @param wishMs  what the receiver asked for by `Retry-After`
 * @param chance  0 to 1
 */
export function retryDelayMs(tries: number, wishMs: number | undefined, chance: number): number {
  const growing = Math.min(longestMs, firstMs * 2 ** Math.min(tries - 1, 20))
  return Math.round(Math.max(growing * (1 - chance / 2), Math.min(wishMs ?? 0, longestWishMs)))
}
