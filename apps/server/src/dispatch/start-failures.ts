import type { StoredReply } from '@bulkhead/contract'
import type { ServedApplication } from '../applications/applications.ts'
import type { Death } from './death.ts'
import type { RunnerProcess } from './runner-process.ts'

/**
 * Tells revisions that do not start from those that do: of the first kind processes die before they have read
 * anything, or code cannot be loaded, again and again, and no run has ever completed.
 */
export interface StartFailures {
  /** A run of it ended, and its runner says how. */
  ended(one: ServedApplication, reply: Pick<StoredReply, 'status' | 'error'>): void
  died(process: Pick<RunnerProcess, 'one' | 'readyAtMs' | 'runs' | 'tasks'>, death: Death): void
}

export interface StartFailuresOptions {
  /** Told each time that so many in a row have not started. */
  readonly onLoop: (one: ServedApplication, reason: string) => void
  /** The first run has completed: from here on nothing speaks against its start. */
  readonly onWorks: (one: ServedApplication) => void
}

/** One may be bad luck, or a machine with too much to do. */
const mostInARow = 3
/** Revisions that are counted, and that are known to work: the latest. */
const mostRevisions = 1000
/**
 * Of the application, while none of its code has run: its files, and the memory that it allows. Whatever else ends a process then is the
 * machine's, or the server's: it starts too slowly, is not answered, or is killed (I7).
 */
const beforeReady: ReadonlySet<Death['why']> = new Set(['unreadable', 'memory'])
const codeFaults: ReadonlySet<string> = new Set(['map-invalid', 'prepare-invalid'])

export function countStartFailures({ onLoop, onWorks }: StartFailuresOptions): StartFailures {
  const inARow = new Map<string, number>()
  const working = new Set<string>()

  function failed(one: ServedApplication, reason: string): void {
    const key = keyOf(one)
    if (working.has(key)) return
    const count = (inARow.get(key) ?? 0) + 1
    inARow.delete(key)
    if (count < mostInARow) inARow.set(key, count)
    else onLoop(one, reason)
    forgetOldest(inARow)
  }

  return {
    ended(one, { status, error }) {
      if (error !== undefined && codeFaults.has(error.code)) failed(one, error.message)
      if (status !== 'completed' && status !== 'completed-with-errors') return
      const key = keyOf(one)
      inARow.delete(key)
      if (working.has(key)) return
      working.add(key)
      forgetOldest(working)
      onWorks(one)
    },
    died({ one, readyAtMs, runs, tasks }, { why, reason }) {
      if (readyAtMs === undefined) {
        // one without work was ended before it had begun
        if (beforeReady.has(why) && runs.size + tasks.size > 0) failed(one, reason)
        return
      }
      const [run, ...others] = runs
      // what it has read may have killed it, and of several nobody knows whose fault it was
      if (why === 'exit' && others.length === 0 && run?.progress === undefined && run !== undefined)
        failed(one, reason)
    },
  }
}

function keyOf({ application, revision }: ServedApplication): string {
  return `${application.name}/${revision}`
}

function forgetOldest(keys: Map<string, unknown> | Set<string>): void {
  for (const oldest of keys.keys()) {
    if (keys.size <= mostRevisions) return
    keys.delete(oldest)
  }
}
