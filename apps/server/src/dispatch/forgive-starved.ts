import { readFileSync } from 'node:fs'
import type { ActiveRun } from './active-run.ts'
import type { RunnerProcess } from './runner-process.ts'

/** Leaves the time out of account in which processes had no core. Called once a tick. */
export type ForgiveStarved = (
  processes: Iterable<{ readonly pid: number; readonly runs: Iterable<Pick<ActiveRun, 'heardAtMs'>> }>,
  nowMs: number,
) => void

/**
 * A process that waits for a core gives no sign of life, and is not dead: on a machine with too much to do, and after
 * it was made less urgent, that is no silence of its own (I7).
 *
 * Works where the kernel tells it; elsewhere nothing is left out.
 */
export function createForgiveStarved(
  waitedMs: (pid: number) => number | undefined = waitedForCoreMs,
): ForgiveStarved {
  const looks = new WeakMap<object, number>()
  return (processes, nowMs) => {
    for (const process of processes) {
      const waited = waitedMs(process.pid)
      if (waited === undefined) continue
      const since = waited - (looks.get(process) ?? waited)
      looks.set(process, waited)
      if (since > 0) for (const run of process.runs) run.heardAtMs = Math.min(nowMs, run.heardAtMs + since)
    }
  }
}

/**
 * Time in which the main thread of a process could have run and had to wait, milliseconds since it was started;
 * undefined when nobody says.
 *
 * @see https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
 */
export function waitedForCoreMs(pid: RunnerProcess['pid']): number | undefined {
  try {
    const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')
    return Number(waitedNs) / 1e6
  } catch {
    return undefined
  }
}
