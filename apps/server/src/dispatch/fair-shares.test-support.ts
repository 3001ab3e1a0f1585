/** The dispatch of a server in a time of its own: real decisions, and processes and queues that are only counted. */
import type { Catalog } from '@bulkhead/engine'
import type { ServedApplication } from '../applications/applications.ts'
import { type Candidate, divide, mostOf } from '../repository/operations/divide.ts'
import type { ActiveRun } from './active-run.ts'
import { createProcessPool, type ProcessPool } from './process-pool.ts'
import { roomOf } from './room.ts'
import type { Death } from './death.ts'
import type { RunnerProcess } from './runner-process.ts'
import { createShares, type Shares } from './shares.ts'
import { createSystemBudgets } from './system-budgets.ts'
import { watchWaiting } from './watch-waiting.ts'

export interface SimulatedApplication {
  readonly runMs: number
  readonly weight?: number
  /** Whether each run needs a process of its own. */
  readonly alone?: boolean
  readonly concurrentRuns?: number
  /** When it has as many runs in its queue as anybody could take; always, when undefined. */
  readonly asks?: (nowMs: number) => boolean
}

/** Seconds of processes that each application had at work, in the time between. */
export type Used = (fromMs: number, toMs: number) => Promise<Readonly<Record<string, number>>>

const tickMs = 250

export function simulate(options: {
  readonly processes: number
  readonly applications: Readonly<Record<string, SimulatedApplication>>
  /** In the place of the real ones. */
  readonly shares?: (real: Shares) => Shares
}): Used {
  const { applications: simulated } = options
  let nowMs = 0
  const served = Object.entries(simulated).map(([name, one]) => servedOf(name, one))
  const applications = { working: () => served }
  const weightOf = (name: string): number => simulated[name]?.weight ?? 1
  const real = createShares({ weightOf, now: () => nowMs })
  const shares = options.shares?.(real) ?? real
  const budgets = createSystemBudgets({ systems: {}, weightOf, now: () => nowMs })
  const active = new Map<string, ActiveRun>()
  const waiting = new Set<ActiveRun>()
  const pool: ProcessPool = createProcessPool({
    processes: options.processes,
    runsPerProcess: 4,
    recycleAfterRuns: 1e9,
    graceMs: 0,
    idleMs: 60_000,
    shares,
    weightOf,
    start: (one) => processOf(one, nowMs),
    isOnItsEngine: () => true,
    isOutdated: () => false,
    onExit: () => undefined,
  })
  const room = roomOf({
    applications,
    catalog: {} as Catalog,
    foreignRoots: [],
    runsPerProcess: 4,
    pool,
    shares,
    budgets,
    active,
    waiting,
  })
  const asks = (name: string): boolean => simulated[name]?.asks?.(nowMs) ?? true
  const lanes = () =>
    Object.entries(simulated)
      .filter(([name]) => asks(name))
      .map(([application, { alone = false }]) => ({ application, alone, systems: [] }))
  const watch = watchWaiting({
    repository: { waiting: () => Promise.resolve({ lanes: lanes(), running: [] }) },
    applications,
    pool,
    shares,
    budgets,
    active,
    waiting,
    log: { debug() {}, info() {}, warn() {} },
  })
  const ends = new Map<ActiveRun, number>()
  let begun = 0

  function claim(): boolean {
    const asked = room()
    const queue = asked.most.flatMap((share): Candidate[] =>
      asks(share.application)
        ? Array.from({ length: mostOf(share) }, () => ({
            runId: String(begun++).padStart(9, '0'),
            application: share.application,
            alone: simulated[share.application]?.alone ?? false,
            systems: [],
          }))
        : [],
    )
    const byId = new Map(queue.map((run) => [run.runId, run]))
    const taken = divide(queue, asked, new Map())
    for (const id of taken) begin(byId.get(id) as Candidate)
    return taken.length > 0
  }

  function begin({ runId, application, alone }: Candidate): void {
    const one = served.find(({ application: { name } }) => name === application)
    const run = { one, alone, record: { runId, application }, process: undefined } as unknown as ActiveRun
    const process = pool.placeFor(run)
    if (process === undefined) throw new Error(`A run of ${application} was taken, and has no process`)
    active.set(runId, run)
    pool.put(run, process)
    ends.set(run, nowMs + (simulated[application]?.runMs ?? 0))
  }

  /** To the next instant at which anything happens. */
  async function step(): Promise<void> {
    nowMs = Math.min(...ends.values(), (Math.floor(nowMs / tickMs) + 1) * tickMs)
    for (const [run, endMs] of ends) {
      if (endMs > nowMs) continue
      ends.delete(run)
      active.delete(run.record.runId)
      pool.remove(run, nowMs)
    }
    while (claim());
    if (nowMs % tickMs !== 0) return
    pool.tidy(nowMs, watch.applications())
    watch.look()
    // what the watch asked, and the exits of processes
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }

  return async (fromMs, toMs) => {
    const used: Record<string, number> = Object.fromEntries(Object.keys(simulated).map((name) => [name, 0]))
    while (nowMs < toMs) {
      const held = [...pool.all].filter(({ runs }) => runs.size > 0)
      const beforeMs = nowMs
      await step()
      if (beforeMs < fromMs) continue
      for (const { one } of held)
        used[one.application.name] = (used[one.application.name] ?? 0) + (nowMs - beforeMs) / 1000
    }
    return used
  }
}

function servedOf(name: string, { alone, concurrentRuns = 100 }: SimulatedApplication): ServedApplication {
  const spec = {
    isolation: alone === true ? 'run' : 'application',
    jobs: {},
    connections: {},
    stores: {},
    policy: { limits: { concurrentRuns } },
  }
  return { application: { name, manifest: { spec } }, revision: 'r' } as unknown as ServedApplication
}

function processOf(one: ServedApplication, nowMs: number): RunnerProcess {
  const { promise: exited, resolve } = Promise.withResolvers<Death>()
  return {
    one,
    runs: new Set(),
    tasks: new Set(),
    runsBegun: 0,
    draining: false,
    busyAtMs: nowMs,
    readyAtMs: nowMs,
    startedAtMs: nowMs,
    end: () => resolve({ why: 'exit', reason: 'asked to' }),
    exited,
  } as unknown as RunnerProcess
}
