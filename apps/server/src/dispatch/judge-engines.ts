import { ownEngine, type StoredReply } from '@bulkhead/contract'
import type { EngineChoice } from '../engines/choose-engines.ts'
import type { ActiveRun } from './active-run.ts'
import type { Death } from './death.ts'
import type { RunnerProcess } from './runner-process.ts'

/** Tells what is the fault of an engine that is tried out from what is the fault of an application on it. */
export interface EngineJudge {
  /** @returns whether it was the engine's fault: nothing of its runs was begun, and none of them is to blame */
  died(process: Pick<RunnerProcess, 'one' | 'engine' | 'runs' | 'tasks' | 'readyAtMs'>, death: Death): boolean
  /** @returns whether it was the engine's fault, so that the revision is not to blame */
  ended(run: Pick<ActiveRun, 'one' | 'process'>, reply: Pick<StoredReply, 'status' | 'error'>): boolean
}

/** Of the application, or of a machine with too much to do. */
const innocent: ReadonlySet<Death['why']> = new Set(['memory', 'time', 'gave-up', 'not-started'])

export function judgeEngines(engines: Pick<EngineChoice, 'failed' | 'works'>): EngineJudge {
  return {
    died({ one, engine, runs, tasks, readyAtMs }, { why, reason }) {
      // the own one is what there is to go back to
      if (engine.name === ownEngine || innocent.has(why)) return false
      // one without work was ended before it had begun
      if (readyAtMs === undefined ? runs.size + tasks.size === 0 : runs.size === 0) return false
      if ([...runs].some(({ progress }) => progress !== undefined)) return false
      return engines.failed(one.application.name, engine, reason)
    },
    ended({ one, process }, { status, error }) {
      if (process === undefined || process.engine.name === ownEngine) return false
      const { name } = one.application
      if (status === 'completed' || status === 'completed-with-errors') engines.works(name, process.engine)
      return error?.kind === 'bug' && engines.failed(name, process.engine, error.message)
    },
  }
}
