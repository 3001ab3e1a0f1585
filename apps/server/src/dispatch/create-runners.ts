import { setTimeout as sleep } from 'node:timers/promises'
import { cancelled, z } from '@bulkhead/connector-sdk'
import {
  checkedItemsSchema,
  fault,
  parseDuration,
  type PlatformSpec,
  previewedRowsSchema,
  signedLinksSchema,
} from '@bulkhead/contract'
import { earlierFolders } from '@bulkhead/engine/job/run-folder'
import type { ClaimedRun, LeftRun, Repository } from '../repository/repository.ts'
import { activeRun, type ActiveRun, runWorkOf } from './active-run.ts'
import { keepClaiming } from './claims.ts'
import { createFreshLinks } from './fresh-links.ts'
import { createForgiveStarved } from './forgive-starved.ts'
import { createGiveWay } from './give-way.ts'
import { keepLeases } from './leases.ts'
import { mustBeAlone } from './must-be-alone.ts'
import { createProcessPool } from './process-pool.ts'
import { roomOf } from './room.ts'
import { createRunEnds } from './run-ends.ts'
import { createTokenBook, newToken } from './run-token.ts'
import type { Applications, ServedApplication } from '../applications/applications.ts'
import type { EngineChoice } from '../engines/choose-engines.ts'
import { judgeEngines } from './judge-engines.ts'
import { openRunnerApi, type TokenHolder } from './runner-api.ts'
import { createRunnerCalls } from './runner-calls.ts'
import type { RunnerProcess } from './runner-process.ts'
import { countStartFailures } from './start-failures.ts'
import { createRunnerStarter, type StarterOptions } from './runner-starter.ts'
import type { Runners } from './runners.ts'
import { createShares } from './shares.ts'
import { makeSocketFolder } from './socket-folder.ts'
import { createSystemBudgets } from './system-budgets.ts'
import { createTaskDesk, type TaskQuestion } from './task-desk.ts'
import { watchWaiting } from './watch-waiting.ts'
import { killHanging } from './watch-processes.ts'

export interface RunnersOptions extends Omit<StarterOptions, 'socket' | 'tokens' | 'leaseMs'> {
  readonly repository: Repository
  /** Names this process among all servers of the repository. */
  readonly server: string
  readonly applications: Pick<Applications, 'get' | 'revision' | 'working' | 'crashed'>
  readonly engines: Pick<EngineChoice, 'of' | 'mayClaim' | 'failed' | 'works'>
  readonly runners: PlatformSpec['runners']
  /** Of applications in the time of runner processes, where it is not 1. */
  readonly weights: PlatformSpec['applications']['weights']
  readonly systems: PlatformSpec['systems']
  /** Those of the roots whose connectors did not come with the platform: a run with one is alone in its process. */
  readonly foreignRoots: readonly string[]
}

const tickMs = 250
/** How long whoever asks for a task waits. */
const taskMs = { sign: 30_000, cleanup: 120_000, check: 60_000, preview: 120_000 }

/**
 * The runner processes of a server: started as they are needed, given the runs that the server claims, and watched, so
 * that every run ends whatever becomes of its process.
 */
export async function createRunners(options: RunnersOptions): Promise<Runners> {
  const { repository, server, applications, engines, catalog, foreignRoots, log } = options
  const { processes, runsPerProcess, recycleAfterRuns, attempts } = options.runners
  const leaseMs = parseDuration(options.runners.lease)
  const silenceMs = parseDuration(options.runners.silence)
  const graceMs = parseDuration(options.runners.stopGrace)
  const folder = await makeSocketFolder()
  const { socket } = folder
  const tokens = createTokenBook<TokenHolder>()
  const starter = createRunnerStarter({ ...options, socket, tokens, leaseMs })
  const active = new Map<string, ActiveRun>()
  const waiting = new Set<ActiveRun>()
  let isDraining = false

  const weightOf = (name: string): number => options.weights[name] ?? 1
  const now = (): number => performance.now()
  const shares = createShares({ weightOf, now })
  const giveWay = createGiveWay()
  const budgets = createSystemBudgets({ systems: options.systems, weightOf, now })
  const pool = createProcessPool({
    processes,
    shares,
    weightOf,
    runsPerProcess,
    recycleAfterRuns,
    graceMs,
    idleMs: parseDuration(options.runners.idle),
    start(one) {
      const process = starter.start(one, engines.of(one.application.name))
      giveWay.begun(process, pool.all)
      return process
    },
    isOnItsEngine: ({ one, engine }) => engines.of(one.application.name).identity === engine.identity,
    isOutdated: (one) => applications.get(one.application.name)?.revision !== one.revision,
    onExit(process, death) {
      const isEngines = !isDraining && judge.died(process, death)
      if (!isDraining && !isEngines) startFailures.died(process, death)
      tokens.withdraw((holder) => holder.process === process)
      desk.processGone(process)
      const runs = [...process.runs]
      if (isDraining) void ends.handOver(runs)
      else if (isEngines) void ends.handOver(runs, `${death.reason}, on the engine ${process.engine.label}`)
      else void ends.died(runs, death)
      placeWaiting()
      claims.roomMade()
    },
  })
  const startFailures = countStartFailures({
    onLoop: (one, reason) => told(applications.crashed(one, reason)),
    onWorks: (one) => told(repository.revisionWorks(one.application.name, one.revision)),
  })
  const judge = judgeEngines(engines)
  const desk = createTaskDesk(async (one) => {
    await starter.prepare(one)
    return pool.placeForTask(one)
  })
  const freshLinks = createFreshLinks(() => performance.now())
  const ends = createRunEnds({
    repository,
    attempts,
    log,
    onOver: over,
    cleanUp: (run) => void cleanUpAfter(run),
  })
  const calls = createRunnerCalls({
    repository,
    log,
    find: (runId, epoch) => active.get(keyOf(runId, epoch)),
    ends,
    desk,
    freshLinks,
    placeAgain,
    onEnded(run, reply) {
      if (!judge.ended(run, reply)) startFailures.ended(run.one, reply)
    },
  })
  const api = await openRunnerApi({ path: socket, tokens, calls, log })
  const claimable = {
    // another server runs what needs an engine that is not here
    working: () => applications.working().filter(({ application }) => engines.mayClaim(application.name)),
  }
  const room = roomOf({
    applications: claimable,
    catalog,
    foreignRoots,
    runsPerProcess,
    pool,
    shares,
    budgets,
    active,
    waiting,
  })
  const want = watchWaiting({
    repository,
    applications: claimable,
    pool,
    shares,
    budgets,
    active,
    waiting,
    log,
  })
  const claims = keepClaiming({ repository, server, leaseMs, log, room, take })
  const leases = keepLeases({
    repository,
    server,
    leaseMs,
    attempts,
    log,
    active: () => [...active.values()],
    onRenewed(run) {
      if (run.process !== undefined) return // it is told with its next heartbeat
      if (run.lost) over(run)
      else void ends.fail(run, cancelled())
    },
    onEnded: (run) => void cleanUpAfter(run),
  })
  const unlisten = repository.onChange((change) => {
    if (change === 'queued') claims.wake()
    if (change === 'commands') leases.renewNow()
  })
  const forgiveStarved = createForgiveStarved()
  let tickedAtMs = performance.now()
  const ticking = setInterval(tick, tickMs)
  claims.wake()

  /** What is not kept now is seen again, by this server or the next one. */
  function told(telling: Promise<void>): void {
    telling.catch((error: unknown) => {
      log.warn('How a revision of an application fares could not be kept', { error: String(error) })
    })
  }

  async function take(claimed: readonly ClaimedRun[]): Promise<void> {
    const now = Date.now()
    for (const one of claimed) {
      const { run: record, validUntilMs } = one
      try {
        const application = await applications.revision(record.application, record.revision)
        if (application === undefined)
          throw fault(
            'application-unknown',
            'The application is not served here as the request was accepted for',
          )
        if (validUntilMs !== undefined && validUntilMs < now)
          throw fault('request-expired', 'No runner was free before the request expired')
        await starter.prepare(application)
        const alone = mustBeAlone(one, application.application, catalog, foreignRoots)
        const run = activeRun(one, application, alone)
        active.set(keyOf(record.runId, record.epoch), run)
        budgets.begin(run)
        waiting.add(run)
      } catch (error) {
        await ends.refuse(record, error)
      }
    }
    placeWaiting()
  }

  function placeWaiting(): void {
    if (isDraining) return
    const turns = shares.order([...new Set([...waiting].map(({ record }) => record.application))])
    const inTurn = [...waiting].toSorted(
      (a, b) => turns.indexOf(a.record.application) - turns.indexOf(b.record.application),
    )
    for (const run of inTurn) {
      const process = pool.placeFor(run)
      if (process === undefined) continue
      waiting.delete(run)
      give(run, process)
    }
  }

  function give(run: ActiveRun, process: RunnerProcess): void {
    const { runId, epoch } = run.record
    pool.put(run, process)
    run.givenAtMs = performance.now()
    run.heardAtMs = run.givenAtMs
    const token = newToken()
    tokens.add(token, { process, run: { runId, epoch } })
    process.inbox.put(runWorkOf(run, { token, leaseMs, leftFolders: earlierFolders(runId, epoch) }))
  }

  function placeAgain(run: ActiveRun): void {
    pool.remove(run, performance.now())
    run.process = undefined
    waiting.add(run)
    placeWaiting()
  }

  function over(run: ActiveRun): void {
    if (active.delete(keyOf(run.record.runId, run.record.epoch))) budgets.end(run)
    waiting.delete(run)
    pool.remove(run, performance.now())
    placeWaiting()
    claims.roomMade()
  }

  function tick(): void {
    const now = performance.now()
    // a server that was held up itself heard nobody: everyone gets one more round
    if (now - tickedAtMs > 4 * tickMs) for (const run of active.values()) run.heardAtMs = now
    tickedAtMs = now
    forgiveStarved(pool.all, now)
    killHanging(pool.all, { silenceMs, graceMs }, now)
    giveWay.look(pool.all)
    pool.tidy(now, want.applications())
    placeWaiting()
    want.look()
  }

  /** Nobody waits for it: what cannot be removed now is told to the log. */
  async function cleanUpAfter({ application, revision, runId, epoch }: LeftRun): Promise<void> {
    const told = (store: string | undefined, error: unknown): void =>
      log.warn('What a dead run left could not be removed', { runId, store, error: String(error) })
    try {
      const one = await find(application, revision)
      // of its last epoch too
      const folders = earlierFolders(runId, epoch + 1)
      for (const store of Object.keys(one.application.manifest.spec.stores))
        cleanUp(one, store, folders).catch((error: unknown) => told(store, error))
    } catch (error) {
      told(undefined, error)
    }
  }

  async function cleanUp(one: ServedApplication, store: string, folders: readonly string[]): Promise<void> {
    const question: TaskQuestion = { task: 'cleanup', store, folders: [...folders] }
    await desk.ask(one, question, z.unknown(), { timeMs: taskMs.cleanup })
  }

  /** That revision, or what there is of the application now: stores keep their names. */
  async function find(name: string, revision?: string): Promise<ServedApplication> {
    const exact = revision === undefined ? undefined : await applications.revision(name, revision)
    const one = exact ?? applications.get(name)
    if (one === undefined) throw fault('application-unknown', `There is no application "${name}" here`)
    return one
  }

  async function drain(waitMs: number): Promise<void> {
    isDraining = true
    await claims.stop()
    await ends.handOver([...waiting])
    pool.drain()
    const endMs = performance.now() + waitMs
    while (active.size > 0 && performance.now() < endMs) await sleep(20)
    const busy = [...pool.all].filter(({ runs }) => runs.size > 0)
    for (const process of busy) process.end(graceMs)
    await Promise.all(busy.map(({ exited }) => exited))
    await ends.handOver([...active.values()])
  }

  return {
    drain,
    freshLinks: (name, delivery) => freshLinks.of(name, delivery),
    async sign(name, revision, delivery) {
      const one = await find(name, revision)
      return await desk.ask(one, { task: 'sign', delivery }, signedLinksSchema, { timeMs: taskMs.sign })
    },
    async cleanUp(name, revision, store, folders) {
      await cleanUp(await find(name, revision), store, folders)
    },
    async check(name, signal) {
      const limit = { timeMs: taskMs.check, signal }
      return await desk.ask(await find(name), { task: 'check' }, checkedItemsSchema, limit)
    },
    async preview(name, request, rows, signal) {
      const limit = { timeMs: taskMs.preview, signal }
      return await desk.ask(await find(name), { task: 'preview', request, rows }, previewedRowsSchema, limit)
    },
    status: () =>
      [...pool.all].map((process) => ({
        pid: process.pid,
        application: process.one.application.name,
        runs: [...process.runs].map(({ record }) => record.runId),
        startedAtMs: process.startedAtMs,
        memoryBytes: process.memoryBytes,
        walls: [...process.walls],
        breakers: process.breakers,
      })),
    waitsFor: (run) => want.reasonOf(run),
    async [Symbol.asyncDispose]() {
      desk.end()
      await drain(0)
      unlisten()
      clearInterval(ticking)
      await want.stop()
      await leases.stop()
      for (const process of pool.all) process.end(graceMs)
      await Promise.all([...pool.all].map(({ exited }) => exited))
      await api[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

function keyOf(runId: string, epoch: number): string {
  return `${runId}/${epoch}`
}
