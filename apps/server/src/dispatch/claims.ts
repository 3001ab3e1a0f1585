import type { Log } from '@bulkhead/connector-sdk'
import { reach } from '@bulkhead/engine/observe/moments'
import type { Claim } from '../repository/claim.ts'
import type { ClaimedRun, Repository } from '../repository/repository.ts'

/** What could be taken now: by which applications, in the order in which they are served. */
export type Room = Pick<Claim, 'most' | 'processes' | 'systems'>

/** Takes waiting runs from the repository when there is room for them. */
export interface Claims {
  /** There may be work, or room. Calls while one is under way come to one more. */
  wake(): void
  /** Claims no more; resolves when what was claimed was handed on. */
  stop(): Promise<void>
}

/** What other servers put into the queue, and changes whose notice was lost, are found so late at most. */
const pollMs = 1_000

/**
 * @param room  asked before each claim
 * @param take  puts claimed runs to work. Never rejects
 */
export function keepClaiming(options: {
  readonly repository: Pick<Repository, 'claim'>
  readonly server: string
  readonly leaseMs: number
  readonly log: Log
  readonly room: () => Room
  readonly take: (runs: readonly ClaimedRun[]) => Promise<void>
}): Claims {
  const { repository, server, leaseMs, log, room, take } = options
  let claiming: Promise<void> | undefined
  let again = false
  let stopped = false
  let isOut = false

  async function claimAll(): Promise<void> {
    do {
      again = false
      const { most, ...rest } = room()
      if (most.length === 0) continue
      try {
        reach('before-claim')
        const runs = await repository.claim({ server, leaseMs, most, ...rest })
        reach('after-claim')
        isOut = false
        if (runs.length === 0) continue
        await take(runs)
        again = true
      } catch (error) {
        if (!isOut) log.warn('Runs cannot be claimed', { error: String(error) })
        isOut = true
      }
    } while (again && !stopped)
  }

  function wake(): void {
    if (stopped) return
    again = true
    claiming ??= claimAll().finally(() => {
      claiming = undefined
      if (again) wake()
    })
  }

  const timer = setInterval(wake, pollMs)
  return {
    wake,
    async stop() {
      stopped = true
      clearInterval(timer)
      await claiming
    },
  }
}
