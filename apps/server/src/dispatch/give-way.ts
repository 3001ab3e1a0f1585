import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import type { RunnerProcess } from './runner-process.ts'

/** Has processes that have computed much give way to those that begin. Called once a tick. */
export type GiveWay = (processes: Iterable<Pick<RunnerProcess, 'pid'>>) => void

/** Processor time in which a process starts and begins its first run, milliseconds. */
const beginMs = 1_000
/** Less urgent by so much: beside one that begins, it gets a tenth of a core. */
const less = 10
/** What `/proc` counts in: a hundredth of a second, whatever the kernel's own clock. */
const clockTickMs = 10

/**
 * The cores of a machine are no places that could be counted out, as processes are: what computes without end, or again and
 * again, would take from whoever begins beside it. So a process that has used its second goes behind those that have not,
 * for good, and computes as fast as ever when nobody begins (I7). Without rights of its own a server may make others
 * less urgent, and never undo that.
 *
 * Works where there is `/proc`; elsewhere nothing is done.
 *
 * @param limitMs  processor time after which a process gives way
 */
export function createGiveWay(limitMs: number = beginMs): GiveWay {
  const giving = new WeakSet<object>()
  return (processes) => {
    for (const process of processes) {
      if (giving.has(process) || (processorMs(process.pid) ?? 0) < limitMs) continue
      giving.add(process)
      makeLessUrgent(process.pid)
    }
  }
}

/**
 * User and system time of all threads of a process, ended ones included; undefined when it is gone.
 *
 * @see proc_pid_stat(5)
 */
function processorMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // the name, which may hold blanks and brackets, is the second field: what is behind it begins with the third
    const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(user) + Number(system)) * clockTickMs
  } catch {
    return undefined
  }
}

/** On Linux each thread has a priority of its own; those that begin later have that of the one that began them. */
function makeLessUrgent(pid: number): void {
  const niceness = Math.min(19, getPriority() + less)
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), niceness)
  } catch {
    // the process, or one of its threads, has ended
  }
}
