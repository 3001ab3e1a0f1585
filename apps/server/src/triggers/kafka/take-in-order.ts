import type { TopicMessage } from './visible-records.ts'

/** At once from one partition: commits of the repository come in groups, so that many wait no longer than one. */
const atOnce = 64

/**
 * Begins messages in their order and lets them become durable in any. When it is over, all are; when it throws, those
 * before the last reported offset are.
 *
 * @param next  the offset behind them all
 */
export async function takeInOrder(
  messages: readonly TopicMessage[],
  next: bigint,
  {
    take,
    onTaken,
    signal,
  }: {
    readonly take: (message: TopicMessage, signal: AbortSignal) => Promise<void>
    /** Everything before this offset is durable. */
    readonly onTaken: (before: bigint) => void
    readonly signal: AbortSignal
  },
): Promise<void> {
  const taken = new Set<number>()
  let prefix = 0
  let begun = 0
  async function takeNext(): Promise<void> {
    for (let index = begun++; index < messages.length; index = begun++) {
      signal.throwIfAborted()
      const message = messages[index]
      if (message === undefined) return
      await take(message, signal)
      taken.add(index)
      const before = prefix
      while (taken.delete(prefix)) prefix++
      if (prefix > before) onTaken(messages[prefix]?.offset ?? next)
    }
  }
  const results = await Promise.allSettled(
    Array.from({ length: Math.min(atOnce, messages.length) }, () => takeNext()),
  )
  const failure = results.find((result) => result.status === 'rejected')
  if (failure !== undefined) throw failure.reason
  onTaken(next)
}
