import type { SourceReport } from '@bulkhead/contract'
import type { SourceEvent } from '@bulkhead/engine/run/run-context'

/** What a run met on its way to its sources, counted while it runs. */
export interface SourceTally {
  readonly add: (event: SourceEvent) => void
  /** How often reading was begun, or was to be. */
  readonly attempts: number
  /** @returns undefined when there is nothing to tell */
  report(fallback: boolean): SourceReport | undefined
}

/** A report is no longer than this; a run has at most 20 attempts with 6 connections each. */
const most = 120

export function createSourceTally(): SourceTally {
  let attempts = 0
  const faults = new Map<string, SourceReport['faults'][number]>()
  const opened: string[] = []
  return {
    add(event) {
      if (event.what === 'attempt') attempts++
      else if (event.what === 'opened') opened.push(event.connection)
      else {
        const { connection, code } = event
        const key = `${connection} ${code}`
        faults.set(key, { connection, code, count: (faults.get(key)?.count ?? 0) + 1 })
      }
    },
    get attempts() {
      return attempts
    },
    report(fallback) {
      if (faults.size === 0 && opened.length === 0 && !fallback) return undefined
      return { faults: [...faults.values()].slice(0, most), opened: opened.slice(0, most), fallback }
    },
  }
}
