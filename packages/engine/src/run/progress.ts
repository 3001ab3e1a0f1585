import type { Clock, Progress } from './run-context.ts'

/** Often enough to look alive, seldom enough to cost nothing. */
const everyMs = 200

/** Tells progress at most every 200 ms; `final` tells it in any case. */
export function progressTeller(
  tell: ((progress: Progress) => void) | undefined,
  clock: Pick<Clock, 'now'>,
): { readonly told: (progress: Progress) => void; readonly final: (progress: Progress) => void } {
  let lastMs = clock.now()
  return {
    told(progress) {
      if (tell === undefined) return
      const now = clock.now()
      if (now - lastMs < everyMs) return
      lastMs = now
      tell(progress)
    },
    final: (progress) => tell?.(progress),
  }
}
