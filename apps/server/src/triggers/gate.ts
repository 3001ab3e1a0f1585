import { setTimeout as sleep } from 'node:timers/promises'
import { isBulkheadError } from '@bulkhead/connector-sdk'

/**
 * Holds a trigger back while its requests cannot be taken: a full queue, a repository that is away. What it holds is
 * taken later, and nothing is taken twice.
 */
export interface Gate {
  /**
   * What `act` gives, as soon as it succeeds; waits longer from failure to failure, and with it all who pass.
   * @throws the reason of the signal, and nothing else
   */
  pass<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T>
  /** Why it is closed. A full queue is what it is for, and no failure. */
  state(): { readonly reason: string; readonly isFailure: boolean } | undefined
}

const shortestMs = 200
const longestFullMs = 2000
const longestFailureMs = 15_000
/** Under load it closes and opens all the time: that is said so often. */
const tellAgainMs = 60_000

/** @param onClose  told whenever it closes, after it was open */
export function createGate(now: () => number, onClose: (reason: string) => void): Gate {
  let failures = 0
  let opensAt = 0
  let state: ReturnType<Gate['state']>
  let told: { readonly reason: string; readonly at: number } | undefined

  function close(error: unknown): void {
    const isFailure = !isBulkheadError(error) || error.kind !== 'quota'
    const reason = isBulkheadError(error) ? error.message : 'A fault in Bulkhead; see the log'
    const isKnown = !isFailure && told?.reason === reason && now() - told.at < tellAgainMs
    if (state?.reason !== reason && !isKnown) {
      told = { reason, at: now() }
      onClose(isBulkheadError(error) ? reason : `${reason}: ${evidenceOf(error)}`)
    }
    state = { reason, isFailure }
    // those who were under way together failed together: that counts as one
    if (opensAt > now()) return
    failures++
    const longest = isFailure ? longestFailureMs : longestFullMs
    opensAt = now() + Math.min(longest, shortestMs * 2 ** Math.min(failures - 1, 10))
  }

  return {
    async pass(act, signal) {
      for (;;) {
        signal.throwIfAborted()
        const waitMs = opensAt - now()
        if (waitMs > 0) {
          await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted())
          continue
        }
        try {
          const result = await act()
          failures = 0
          opensAt = 0
          state = undefined
          return result
        } catch (error) {
          close(error)
        }
      }
    },
    state: () => state,
  }
}

/** What may be said of an error that is not ours: its words may hold anything (I6). */
export function evidenceOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const { code } = error as NodeJS.ErrnoException
  const frame = error.stack?.split('\n').find((line) => line.startsWith('    at '))
  return [error.name, code, frame?.trim()].filter((part) => part !== undefined).join(' ')
}
