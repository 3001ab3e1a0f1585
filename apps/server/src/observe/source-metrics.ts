import type { StoredReply, SourceReport } from '@bulkhead/contract'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { RunnerStatus } from '../dispatch/runners.ts'

/** What runs met on the way to their sources, as their runners told it. */
export interface SourceMetrics {
  /** @param application  as it stands in labels */
  ended(application: string, reply: StoredReply, source: SourceReport | undefined): void
}

/** Connections and codes are words of runners, and labels are to be bounded. */
const mostLabels = 2_000
const stateValues = { closed: 0, 'half-open': 1, open: 2 } as const

export function createSourceMetrics(
  registry: Registry,
  options: {
    readonly runners: () => readonly RunnerStatus[]
    /** The name of an application as it stands in labels. */
    readonly labelled: (application: string) => string
    readonly now: () => number
  },
): SourceMetrics {
  const registers = [registry]
  const retries = new Counter({
    name: 'bulkhead_source_retries_total',
    help: 'Times that reading a source was begun again',
    labelNames: ['application'],
    registers,
  })
  const fallbacks = new Counter({
    name: 'bulkhead_source_fallbacks_total',
    help: 'Runs that read a fallback connection',
    labelNames: ['application'],
    registers,
  })
  const faults = new Counter({
    name: 'bulkhead_source_faults_total',
    help: 'Attempts to open or read a connection that failed, by code of the error; time limits end with -timeout',
    labelNames: ['application', 'connection', 'code'],
    registers,
  })
  const opened = new Counter({
    name: 'bulkhead_breaker_opened_total',
    help: 'Times that the breaker of a connection opened',
    labelNames: ['application', 'connection'],
    registers,
  })
  const known = new Set<string>()

  new Gauge({
    name: 'bulkhead_breaker_state',
    help: 'Breaker of a connection that has failed, the worst of all runner processes: 0 closed, 1 lets one try through, 2 open',
    labelNames: ['application', 'connection'],
    registers,
    collect() {
      this.reset()
      const worst = new Map<string, { readonly labels: Record<string, string>; readonly value: number }>()
      for (const runner of options.runners()) {
        const application = options.labelled(runner.application)
        for (const { connection, state, untilMs } of runner.breakers) {
          // nothing is told while no run asks for the connection
          const isOver = state === 'open' && untilMs !== undefined && untilMs <= options.now()
          const value = stateValues[isOver ? 'half-open' : state]
          const key = `${application} ${connection}`
          if (worst.size < mostLabels && value >= (worst.get(key)?.value ?? 0))
            worst.set(key, { labels: { application, connection }, value })
        }
      }
      for (const { labels, value } of worst.values()) this.set(labels, value)
    },
  })

  /** The words themselves, or `other` when there were too many. */
  function bounded(...words: readonly string[]): readonly string[] {
    const key = words.join(' ')
    if (!known.has(key) && known.size >= mostLabels) return words.map(() => 'other')
    known.add(key)
    return words
  }

  return {
    ended(application, { tries }, source) {
      retries.inc({ application }, Math.max(0, (tries ?? 1) - 1))
      if (source === undefined) return
      if (source.fallback) fallbacks.inc({ application })
      for (const fault of source.faults) {
        const [connection = '', code = ''] = bounded(fault.connection, fault.code)
        faults.inc({ application, connection, code }, fault.count)
      }
      for (const name of source.opened) {
        const [connection = ''] = bounded(name)
        opened.inc({ application, connection })
      }
    },
  }
}
