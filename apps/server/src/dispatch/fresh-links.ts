import type { Delivery, SignedLinks } from '@bulkhead/contract'

/**
 * Links that a runner made with the end of its run, for the reply that follows at once. A link is a credential: it is in
 * no repository, and forgotten here after a moment.
 */
export interface FreshLinks {
  keep(application: string, delivery: Delivery, links: SignedLinks): void
  /** Undefined when they were not made, or not just now: a runner is asked. */
  of(application: string, delivery: Delivery): SignedLinks | undefined
}

/** The whole time that a link was asked for counts from when it is sent: this is no part of it that anybody sees. */
const freshMs = 2_000
/** Runs that end within that time; of those beyond a runner is asked (I8). */
const mostKept = 2_000

/** @param now  milliseconds of a clock that never goes back */
export function createFreshLinks(now: () => number): FreshLinks {
  const kept = new Map<string, { readonly links: SignedLinks; readonly untilMs: number }>()

  /** In the order in which they were kept, which is that of their ends. */
  function forgetOld(): void {
    for (const [key, { untilMs }] of kept) {
      if (untilMs > now() && kept.size <= mostKept) return
      kept.delete(key)
    }
  }

  return {
    keep(application, delivery, links) {
      const key = keyOf(application, delivery)
      kept.delete(key)
      kept.set(key, { links, untilMs: now() + freshMs })
      forgetOld()
    },
    of(application, delivery) {
      forgetOld()
      return kept.get(keyOf(application, delivery))?.links
    },
  }
}

/** All that links are made from; the folder in it is that of one run and epoch (I2). */
function keyOf(application: string, delivery: Delivery): string {
  const { store, urlExpiresInSeconds, files } = delivery
  const parts = files.map(({ name, objectContentType, stored }) => [name, objectContentType, stored.location])
  return JSON.stringify([application, store, urlExpiresInSeconds, parts])
}
