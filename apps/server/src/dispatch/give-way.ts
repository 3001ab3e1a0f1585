import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import type { RunnerProcess } from './runner-process.ts'

type Begun = Pick<RunnerProcess, 'pid' | 'one' | 'runs' | 'readyAtMs'>

/** Has processes give way to those that begin. */
export interface GiveWay {
  /** Those that have computed much. Called once a tick. */
  look(processes: Iterable<Pick<RunnerProcess, 'pid'>>): void
  /** One that has just begun, when its application has another one at work. @param others  all that there are */
  begun(process: Begun, others: Iterable<Begun>): void
}

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
 * less urgent, and never undo that. An application whose every run begins a process would have the cores by its many young
 * ones: only who has none at work begins as an urgent one.
 *
 * Works where there is `/proc`; elsewhere nothing is done.
 *
 * @param limitMs  processor time after which a process gives way
 */
export function createGiveWay(limitMs: number = beginMs): GiveWay {
  const giving = new WeakSet<object>()
  function give(process: Pick<RunnerProcess, 'pid'>): void {
    giving.add(process)
    makeLessUrgent(process.pid)
  }

  return {
    look(processes) {
      for (const process of processes)
        if (!giving.has(process) && (processorMs(process.pid) ?? 0) >= limitMs) give(process)
    },
    begun(process, others) {
      const { name } = process.one.application
      const isAtWork = ({ runs, readyAtMs }: Begun): boolean => runs.size > 0 || readyAtMs === undefined
      for (const other of others)
        if (other !== process && other.one.application.name === name && isAtWork(other)) return give(process)
    },
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
