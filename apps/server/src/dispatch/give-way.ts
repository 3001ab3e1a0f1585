import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import type { Log } from '@bulkhead/connector-sdk'
import type { RunnerProcess } from './runner-process.ts'

/** Looks at what processes compute, once a tick. */
export type WatchComputing = (processes: Iterable<RunnerProcess>) => void

/** Processor time that runs may use, none of them beginning or ending, before others go first. Milliseconds. */
const sprintMs = 2_000
/** Less urgent by so much: beside one that is not, it gets a tenth of a core. */
const less = 10
/** What `/proc` counts in: a hundredth of a second, whatever the kernel's own clock. */
const tickMs = 10

interface Look {
  /** Which work it was, as far as it can be giving from outside. */
  readonly work: string
  /** Processor time that the process had used when this work began. */
  readonly usedMs: number
}

/**
 * The processors of a machine have no places that could be counted out: a run that computes without end would take half
 * of a core from whoever starts beside it. So whoever computes for long goes on when nobody else wants the core (I7). The
 * process takes no more runs: without rights of its own a server can make it less urgent, and never undo that.
 *
 * Works where there is `/proc`; elsewhere nothing is done.
 */
export function watchComputing(log: Log, limitMs: number = sprintMs): WatchComputing {
  const looks = new WeakMap<RunnerProcess, Look>()
  const giving = new WeakSet<RunnerProcess>()
  return (processes) => {
    for (const process of processes) {
      const { pid, runs, tasks, runsBegun, one } = process
      if (giving.has(process) || runs.size + tasks.size === 0) continue
      const usedMs = processorMs(pid)
      if (usedMs === undefined) continue
      const work = `${runsBegun} ${runs.size} ${[...tasks].join(' ')}`
      const look = looks.get(process)
      if (look?.work !== work) looks.set(process, { work, usedMs })
      else if (usedMs - look.usedMs >= limitMs) {
        giving.add(process)
        process.draining = true
        makeLessUrgent(pid)
        log.info('A runner computes for long, and gives way to others', {
          application: one.application.name,
          pid,
          runs: [...runs].map(({ record }) => record.runId),
        })
      }
    }
  }
}

/**
 * Of all threads of a process, ended ones included; undefined when it is gone.
 *
 * @see proc_pid_stat(5)
 */
function processorMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // the name may hold blanks and brackets: what is after the last one has no name; field 3 is first then
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * tickMs
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
