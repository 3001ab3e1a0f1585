import type { ActiveRun } from './active-run.ts'
import type { ServedApplication } from '../applications/applications.ts'
import type { Death, RunnerProcess } from './runner-process.ts'

export interface PoolOptions {
  /** Most processes; tasks may need two more. */
  readonly processes: number
  readonly runsPerProcess: number
  readonly idleMs: number
  readonly recycleAfterRuns: number
  readonly graceMs: number
  readonly start: (one: ServedApplication) => RunnerProcess
  /** It is of the build that its application is on. */
  readonly isOnItsEngine: (process: RunnerProcess) => boolean
  /** Another revision is served by now: what has no work left of it ends. */
  readonly isOutdated: (one: ServedApplication) => boolean
  readonly onExit: (process: RunnerProcess, death: Death) => void
}

/** The runner processes of this server. */
export interface ProcessPool {
  readonly all: ReadonlySet<RunnerProcess>
  /** Processes that could be started, or become free by ending an idle one. */
  free(): number
  /** Runs that processes of an application could take that are at work for it already. */
  room(one: ServedApplication): number
  /** Processes more that the application may have at work now. */
  mayStart(one: ServedApplication): number
  /** A process for the run, perhaps a new one; undefined when there is none for now. */
  placeFor(run: ActiveRun): RunnerProcess | undefined
  placeForTask(one: ServedApplication): RunnerProcess
  /** Ends what is idle for long, or has none but its last runs. @param wanted  somebody waits for a process */
  tidy(nowMs: number, wanted: boolean): void
  /** No process takes another run. */
  drain(): void
}

/** An application keeps a process at least so long while others wait for one: starting it was not for nothing. */
const quantumMs = 2_000
/** Tasks answer requests of people and send replies: they do not wait for runs of others to end. */
const processesForTasks = 2

export function createProcessPool(options: PoolOptions): ProcessPool {
  const { processes, runsPerProcess, idleMs, recycleAfterRuns, graceMs, start, onExit } = options
  const { isOutdated, isOnItsEngine } = options
  const all = new Set<RunnerProcess>()
  const ending = new Set<RunnerProcess>()

  const living = (): RunnerProcess[] => [...all].filter((process) => !ending.has(process))
  const isIdle = ({ runs, tasks }: RunnerProcess): boolean => runs.size + tasks.size === 0
  const isOf =
    (one: ServedApplication) =>
    (process: RunnerProcess): boolean =>
      process.one.revision === one.revision &&
      process.one.application.name === one.application.name &&
      isOnItsEngine(process)
  const takesRuns = (process: RunnerProcess): boolean =>
    !process.draining && process.runs.size < runsPerProcess

  function begin(one: ServedApplication): RunnerProcess {
    const process = start(one)
    all.add(process)
    void process.exited.then((death) => {
      all.delete(process)
      ending.delete(process)
      onExit(process, death)
    })
    return process
  }

  function end(process: RunnerProcess): void {
    process.draining = true
    if (ending.has(process)) return
    ending.add(process)
    process.end(graceMs)
  }

  const free = (): number => {
    const now = living()
    return Math.max(0, processes - now.length) + now.filter(isIdle).length
  }

  /**
   * An application gets another process only while more are free than it has at work. One whose runs hang holds half of them at
   * most, a second one half of the rest, and others go on (I7).
   *
   * @see Choudhury and Hahne, Dynamic queue length thresholds for shared-memory packet switches, 1998
   */
  function mayStart({ application: { name } }: ServedApplication): number {
    const held = living().filter(({ one, runs }) => one.application.name === name && runs.size > 0).length
    return Math.max(0, Math.ceil((free() - held) / 2))
  }

  /** Makes room by ending the process that was idle for longest. */
  function makeRoom(): boolean {
    const now = living()
    if (now.length < processes) return true
    const [idlest] = now.filter(isIdle).toSorted((a, b) => a.busyAtMs - b.busyAtMs)
    if (idlest === undefined) return false
    end(idlest)
    return true
  }

  return {
    all,
    free,
    mayStart,
    room: (one) =>
      living()
        .filter((process) => isOf(one)(process) && !process.draining && !isIdle(process))
        .reduce((sum, { runs }) => sum + runsPerProcess - runs.size, 0),
    placeFor({ one, alone }) {
      const own = living().filter((process) => isOf(one)(process) && takesRuns(process))
      // the fullest, so that others become idle
      const [found] = own
        .filter((process) => !alone || isIdle(process))
        .toSorted((a, b) => b.runs.size - a.runs.size)
      if (found !== undefined && !isIdle(found)) return found
      if (mayStart(one) === 0) return undefined
      return found ?? (makeRoom() ? begin(one) : undefined)
    },
    placeForTask(one) {
      // one that ends asks for no more work, tasks included
      const found = living().find((process) => isOf(one)(process) && !process.draining)
      if (found !== undefined) return found
      const isRoom = makeRoom() || living().length < processes + processesForTasks
      if (isRoom) return begin(one)
      // all are at work for others, and tasks of others are under way besides: the one that is soonest over makes room
      throw new NoProcessForTask()
    },
    tidy(nowMs, wanted) {
      for (const process of living()) {
        if (process.runsBegun >= recycleAfterRuns) process.draining = true
        if (!isIdle(process)) continue
        const isSurplus = living().length > processes
        const isOld = isOutdated(process.one) || !isOnItsEngine(process)
        if (process.draining || isSurplus || isOld || nowMs - process.busyAtMs > idleMs) end(process)
      }
      if (!wanted || living().some(({ draining }) => draining)) return
      // who has most gives first, and of its processes the one that it had for longest
      const held = Map.groupBy(living(), ({ one }) => one.application.name)
      const [richest = []] = [...held.values()].toSorted((a, b) => b.length - a.length)
      const due = richest
        .filter(({ readyAtMs }) => readyAtMs !== undefined && nowMs - readyAtMs > quantumMs)
        .toSorted((a, b) => a.startedAtMs - b.startedAtMs)
      if (due[0] !== undefined) due[0].draining = true
    },
    drain() {
      for (const process of all) process.draining = true
    },
  }
}

export class NoProcessForTask extends Error {}
