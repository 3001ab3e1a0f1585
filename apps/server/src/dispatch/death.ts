import { runnerExits } from '@bulkhead/contract'
import type { ActiveRun } from './active-run.ts'

/** Why a process is dead. */
export interface Death {
  /**
   * `exit`: by what it did itself, whatever the code; `memory`, `time`, `silence`: killed by its server for that; `killed`: by somebody
   * else; `gave-up`: it ended on its own account with whatever work it had; `unreadable`: it cannot read its application;
   * `not-started`: there never was a process.
   */
  readonly why: 'exit' | 'memory' | 'time' | 'silence' | 'killed' | 'gave-up' | 'unreadable' | 'not-started'
  /** For the history of its runs: `exit code 1`, `signal SIGKILL`, `memory limit`. */
  readonly reason: string
  /** The run whose time was over. */
  readonly run?: ActiveRun
  /** It wrote far more to its standard output and error than is kept; what was not read yet was in its memory. */
  readonly wroteMuch?: boolean
}

/** What runners say with the code that they end with. */
const said: ReadonlyMap<number, Pick<Death, 'why' | 'reason'>> = new Map([
  [
    runnerExits.gaveUp,
    { why: 'gave-up', reason: 'it gave up, for its server was silent for too long or told it to end' },
  ],
  [
    runnerExits.stray,
    { why: 'gave-up', reason: 'an error that nobody waited for was the fault of one of its runs' },
  ],
  [runnerExits.unreadable, { why: 'unreadable', reason: 'it cannot read its application' }],
])
/** What a process gets from the machine for what it did; any other comes from somebody else, the kernel in need of memory too. */
const ownSignals: ReadonlySet<string> = new Set([
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
])

/**
 * Of a process that its server did not kill.
 * @param last  what it wrote last
 */
export function deathOf(code: number | null, signal: string | null, last: string): Death {
  if (/JavaScript heap out of memory|Allocation failed|Cannot allocate memory/.test(last))
    return { why: 'memory', reason: 'memory limit' }
  if (signal !== null) return { why: ownSignals.has(signal) ? 'exit' : 'killed', reason: `signal ${signal}` }
  return said.get(code ?? 0) ?? { why: 'exit', reason: `exit code ${code ?? 0}` }
}

/** The machine has no room for one more. */
export function notStarted(error: NodeJS.ErrnoException): Death {
  return { why: 'not-started', reason: `it could not be started (${error.code ?? ''})` }
}
