import { isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import type { Applications } from '../applications/applications.ts'
import type { Repository } from '../repository/repository.ts'

/** Most runs of one transaction: a result that many wait for holds nobody up. */
const mostAtOnce = 50
/** For what another server ended, and notices that were lost. */
const pollMs = 1_000
/** Where no application shares results, for runs that were accepted when one did. */
const idlePolls = 30

export interface KeepSettlingOptions {
  readonly repository: Pick<Repository, 'settleWaiting' | 'onChange'>
  readonly applications: Pick<Applications, 'list'>
  readonly log: Log
}

/**
 * Has runs that wait for an identical one answered, or run themselves, when that one is over; again and again, on every
 * server, so that none waits for a server that died (D21).
 *
 * @returns what ends it, and resolves when nothing of it is under way
 */
export function keepSettling({ repository, applications, log }: KeepSettlingOptions): () => Promise<void> {
  let working: Promise<void> | undefined
  let again = false
  let stopped = false
  let isOut = false
  let polls = 0

  async function settleAll(): Promise<void> {
    try {
      for (let more = true; more && !stopped;) more = (await repository.settleWaiting(mostAtOnce)).more
      isOut = false
    } catch (error) {
      const why = isBulkheadError(error) ? error.message : 'a fault in Bulkhead'
      if (!isOut) log.warn(`Runs that wait for an identical one are not looked at: ${why}`)
      isOut = true
    }
  }

  function wake(): void {
    if (stopped) return
    again = true
    working ??= (async () => {
      for (; again && !stopped;) {
        again = false
        await settleAll()
      }
      working = undefined
    })()
  }

  const isShared = (): boolean =>
    applications
      .list()
      .some(({ application: { manifest } }) =>
        Object.values(manifest.spec.jobs).some(({ reuse }) => reuse !== undefined),
      )
  const unsubscribe = repository.onChange((change) => {
    if (change === 'ended' && isShared()) wake()
  })
  const timer = setInterval(() => {
    polls += 1
    if (polls % idlePolls === 0 || isShared()) wake()
  }, pollMs)
  return async () => {
    stopped = true
    unsubscribe()
    clearInterval(timer)
    await working
  }
}
