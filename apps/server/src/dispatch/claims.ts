import type { Log } from '@bulkhead/connector-sdk'
import { reach } from '@bulkhead/engine/observe/moments'
import type { Claim } from '../repository/claim.ts'
import { mostOf } from '../repository/operations/divide.ts'
import type { ClaimedRun, Repository } from '../repository/repository.ts'

/** What could be taken now: by which applications, in the order in which they are served. */
export type Room = Pick<Claim, 'most' | 'processes' | 'systems'>

/** Takes waiting runs from the repository when there is room for them. */
export interface Claims {
  /** There may be work. Calls while one is under way come to one more. */
  wake(): void
  /** There is room again: it is filled, if the last claim left anything waiting. */
  roomMade(): void
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
  /** Something waits, as far as is known here. */
  let isLeft = true
  /** Since what could be taken was last looked at. */
  let hasMoreRoom = false

  const isWanted = (): boolean => again || (isLeft && hasMoreRoom && !isOut)

  async function claimAll(): Promise<void> {
    do {
      again = false
      hasMoreRoom = false
      const { most, ...rest } = room()
      try {
        // nobody knows then whether anything waits
        isLeft = true
        if (most.every((share) => mostOf(share) === 0)) continue
        reach('before-claim')
        const { runs, left } = await repository.claim({ server, leaseMs, most, ...rest })
        reach('after-claim')
        isOut = false
        isLeft = left
        if (runs.length > 0) await take(runs)
      } catch (error) {
        if (!isOut) log.warn('Runs cannot be claimed', { error: String(error) })
        isOut = true
      }
    } while (isWanted() && !stopped)
  }

  function wake(): void {
    if (stopped) return
    again = true
    claiming ??= claimAll().finally(() => {
      claiming = undefined
      if (isWanted()) wake()
    })
  }

  const timer = setInterval(wake, pollMs)
  return {
    wake,
    roomMade() {
      hasMoreRoom = true
      if (isLeft && claiming === undefined) wake()
    },
    async stop() {
      stopped = true
      clearInterval(timer)
      await claiming
    },
  }
}
