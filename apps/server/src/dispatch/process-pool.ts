import type { ActiveRun } from './active-run.ts'
import type { ServedApplication } from '../applications/applications.ts'
import type { Death } from './death.ts'
import type { RunnerProcess } from './runner-process.ts'
import type { Shares } from './shares.ts'

export interface PoolOptions {
  /** Most processes; tasks may need two more. */
  readonly processes: number
  readonly runsPerProcess: number
  readonly idleMs: number
  readonly recycleAfterRuns: number
  readonly graceMs: number
  /** Of the time of processes, by application. */
  readonly shares: Shares
  readonly weightOf: (application: string) => number
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
  /** For each process more that the application may have at work now, how many must be free then. */
  starts(one: ServedApplication): readonly number[]
  /** A process for the run, perhaps a new one; undefined when there is none for now. */
  placeFor(run: ActiveRun): RunnerProcess | undefined
  placeForTask(one: ServedApplication): RunnerProcess
  /** The run is in that process from now on. */
  put(run: ActiveRun, process: RunnerProcess): void
  /** It is in none any more. */
  remove(run: ActiveRun, nowMs: number): void
  /** Ends what is idle for long, or has none but its last runs. @param waiting  who has runs that wait for a process */
  tidy(nowMs: number, waiting: readonly ServedApplication[]): void
  /** No process takes another run. */
  drain(): void
}

/** An application keeps a process at least so long while others wait for one: starting it was not for nothing. */
const quantumMs = 2_000
/** A process whose runs do not end by then gives way too late: another is asked. */
const patienceMs = 5_000
/** Tasks answer requests of people and send replies: they do not wait for runs of others to end. */
const processesForTasks = 2

export function createProcessPool(options: PoolOptions): ProcessPool {
  const { processes, runsPerProcess, idleMs, recycleAfterRuns, graceMs, start, onExit } = options
  const { isOutdated, isOnItsEngine } = options
  const { shares, weightOf } = options
  const all = new Set<RunnerProcess>()
  const ending = new Set<RunnerProcess>()
  /** Those that were asked to give way to others, and when. */
  const givingWay = new Map<RunnerProcess, number>()

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
      givingWay.delete(process)
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

  const heldBy = (name: string): number =>
    living().filter(({ one, runs }) => one.application.name === name && runs.size > 0).length

  /**
   * An application gets another process only while more are free than it has at work, by its weight. One whose runs hang holds
   * half of them at most, a second one half of the rest, and others go on; whatever its weight, none holds all (I7).
   *
   * @see Choudhury and Hahne, Dynamic queue length thresholds for shared-memory packet switches, 1998
   */
  function startsOf({ application: { name } }: ServedApplication, available: number): readonly number[] {
    const held = heldBy(name)
    const most = Math.max(1, processes - 1) - held
    const starts: number[] = []
    for (let more = 0; more < most; more++) {
      const needed = Math.floor((held + more) / weightOf(name)) + 1
      if (needed > available - more) break
      starts.push(needed)
    }
    return starts
  }

  const starts = (one: ServedApplication): readonly number[] => startsOf(one, free())

  /** Makes room by ending the process that was idle for longest. */
  function makeRoom(): boolean {
    const now = living()
    if (now.length < processes) return true
    const [idlest] = now.filter(isIdle).toSorted((a, b) => a.busyAtMs - b.busyAtMs)
    if (idlest === undefined) return false
    end(idlest)
    return true
  }

  /** Has a process for each of those who wait take no more runs, of who has used most of its share (I7). */
  function giveWay(nowMs: number, waiting: readonly ServedApplication[]): void {
    if (free() > 0) return
    const used = ({ one }: Pick<RunnerProcess, 'one'>): number => shares.used(one.application.name)
    const asked = [...givingWay.values()].filter((atMs) => nowMs - atMs < patienceMs).length
    const due = waiting
      .filter((one) => startsOf(one, 1).length > 0)
      .toSorted((a, b) => used({ one: a }) - used({ one: b }))
      .slice(asked)
    for (const one of due) {
      const [giver] = living()
        .filter(
          ({ draining, readyAtMs }) => !draining && readyAtMs !== undefined && nowMs - readyAtMs > quantumMs,
        )
        .filter((process) => used(process) > used({ one }))
        .toSorted((a, b) => used(b) - used(a) || a.startedAtMs - b.startedAtMs)
      if (giver === undefined) return
      giver.draining = true
      givingWay.set(giver, nowMs)
    }
  }

  return {
    all,
    free,
    starts,
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
      if (starts(one).length === 0) return undefined
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
    put(run, process) {
      if (process.runs.size === 0) shares.holds(process.one.application.name, 1)
      run.process = process
      process.runs.add(run)
      process.runsBegun++
      if (run.alone) process.draining = true
    },
    remove(run, nowMs) {
      const { process } = run
      if (process?.runs.delete(run) !== true) return
      process.busyAtMs = nowMs
      if (process.runs.size === 0) shares.holds(process.one.application.name, -1)
    },
    tidy(nowMs, waiting) {
      for (const process of living()) {
        if (process.runsBegun >= recycleAfterRuns) process.draining = true
        if (!isIdle(process)) continue
        const isSurplus = living().length > processes
        const isOld = isOutdated(process.one) || !isOnItsEngine(process)
        if (process.draining || isSurplus || isOld || nowMs - process.busyAtMs > idleMs) end(process)
      }
      giveWay(nowMs, waiting)
    },
    drain() {
      for (const process of all) process.draining = true
    },
  }
}

export class NoProcessForTask extends Error {}
