import type { ActiveRun } from './active-run.ts'
import type { RunnerProcess } from './runner-process.ts'

/** A run that its runner ends by itself when its time is over gets so much longer, before its process is killed. */
const overtimeMs = 5_000
/** A process may take so long to start on a busy machine. */
const startMs = 30_000

/**
 * Kills processes that hang: silent for too long with runs in them, because code of the application or a native
 * client keeps the thread, or with a run whose time is long over. All other runs go on (I7).
 *
 * @param nowMs  of the monotonic clock
 */
export function killHanging(
  processes: Iterable<RunnerProcess>,
  limits: { readonly silenceMs: number; readonly graceMs: number },
  nowMs: number,
): void {
  for (const process of processes) {
    if (process.runs.size === 0) continue
    const patienceMs =
      process.readyAtMs === undefined ? Math.max(limits.silenceMs, startMs) : limits.silenceMs
    if (nowMs - process.heardAtMs > patienceMs) {
      process.kill({ why: 'silence', reason: 'no sign of life' })
      continue
    }
    const isLate = (run: ActiveRun): boolean =>
      nowMs - run.givenAtMs > run.limitMs + limits.graceMs + overtimeMs
    const late = [...process.runs].find(isLate)
    if (late !== undefined) process.kill({ why: 'time', reason: 'time limit', run: late })
  }
}
