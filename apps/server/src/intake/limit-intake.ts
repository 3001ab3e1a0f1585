import { fault } from '@bulkhead/contract'
import type { Applications } from '../applications/applications.ts'
import { createRateLimit, type RateLimit } from '../auth/rate-limit.ts'
import type { Intake } from './intake.ts'

export interface IntakeLimits {
  readonly applications: Pick<Applications, 'get'>
  /** Requests a second of each application that the platform allows; undefined: as many as come. */
  readonly requestsPerSecond: number | undefined
  /** Told of each request that was not taken for now. */
  readonly onHeld: (application: string) => void
  readonly now: () => number
}

/**
 * An intake that takes so many requests a second of each application, whatever their trigger: its own wish, and no more
 * than the platform allows (I7). A trigger keeps what is not taken and comes again; a caller is told 429.
 * @throws BulkheadError `application-too-fast`, with the time to wait
 */
export function limitIntake(
  intake: Intake,
  { applications, requestsPerSecond, onHeld, now }: IntakeLimits,
): Intake {
  const limits = new Map<string, { readonly perSecond: number; readonly bucket: RateLimit }>()

  function bucketOf(name: string, perSecond: number): RateLimit {
    const known = limits.get(name)
    if (known?.perSecond === perSecond) return known.bucket
    // a wish may change while the server runs
    const bucket = createRateLimit({ perSecond, now, mostCallers: 1 })
    limits.set(name, { perSecond, bucket })
    return bucket
  }

  return {
    async take(arrival) {
      const served = applications.get(arrival.application)
      const own = served?.application.manifest.spec.policy.limits.requestsPerSecond
      const perSecond = Math.min(own ?? Infinity, requestsPerSecond ?? Infinity)
      // what is not served is refused without being remembered here (I8)
      if (served !== undefined && perSecond !== Infinity) {
        const { name } = served.application
        const waitMs = bucketOf(name, perSecond).take(name)
        if (waitMs > 0) {
          onHeld(name)
          const message = `More than ${perSecond} requests a second for the application "${name}"`
          throw fault('application-too-fast', message, { retryAfterMs: waitMs })
        }
      }
      return await intake.take(arrival)
    },
  }
}
