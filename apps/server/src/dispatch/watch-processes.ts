import type { ActiveRun } from './active-run.ts'
import type { RunnerProcess } from './runner-process.ts'

/** A run that its runner ends by itself when its time is over gets so much longer, before its process is killed. */
const overtimeMs = 5_000
/** A process may take so long to start on a busy machine. */
const startMs = 30_000

/**
 * Kills processes that hang: one that has not reported a run for too long, because code of the application or a
 * native client keeps the thread, or with a run whose time is long over. All other processes go on (I7).
 *
 * @param nowMs  of the monotonic clock
 */
export function killHanging(
  processes: Iterable<RunnerProcess>,
  limits: { readonly silenceMs: number; readonly graceMs: number },
  nowMs: number,
): void {
  for (const process of processes) {
    const patienceMs =
      process.readyAtMs === undefined ? Math.max(limits.silenceMs, startMs) : limits.silenceMs
    const isSilent = (run: ActiveRun): boolean => nowMs - run.heardAtMs > patienceMs
    const isLate = (run: ActiveRun): boolean =>
      nowMs - run.givenAtMs > run.limitMs + limits.graceMs + overtimeMs
    const runs = [...process.runs]
    const late = runs.find(isLate)
    if (late !== undefined) process.kill({ why: 'time', reason: 'time limit', run: late })
    else if (runs.some(isSilent)) process.kill({ why: 'silence', reason: 'no sign of life' })
  }
}
