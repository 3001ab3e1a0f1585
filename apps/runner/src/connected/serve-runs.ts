import { setTimeout as sleep } from 'node:timers/promises'
import {
  fault,
  runnerExits,
  type RunnerSettings,
  type RunWork,
  type TaskWork,
  type Work,
} from '@bulkhead/contract'
import { catchStrayErrors } from '../stray-errors.ts'
import { consoleToLog } from '../console-to-log.ts'
import { doTask } from './do-task.ts'
import { type HeldRun, holdRun } from './held-run.ts'
import type { RunnerHome } from './runner-home.ts'
import { type ServerClient, ServerCallFailed } from './server-client.ts'

/** A heartbeat at least so often, milliseconds: progress and commands travel with it. */
const heartbeatMs = 1_000
/** After a failed call, so long until the next one. */
const pauseMs = 200

/**
 * Asks the server for work and does it, several runs at a time, until the server wants no more of this process, is
 * gone, or `stop` aborts. What is under way then is given up, and leaves nothing (I5).
 */
export async function serveRuns(
  settings: RunnerSettings,
  home: RunnerHome,
  client: ServerClient,
  stop: AbortSignal,
): Promise<void> {
  const held = new Map<string, HeldRun>()
  const tasks = new Set<Promise<void>>()
  /** The server gives no more: it answers the open claim, so that nothing is lost that is on its way. */
  let isLast = false
  /** Aborts when no more work is wanted here. */
  const enough = new AbortController()
  const ended = AbortSignal.any([stop, enough.signal])
  using _console = consoleToLog(home.log)
  using stray = catchStrayErrors(home.log)
  stray.signal.addEventListener('abort', () => takeStray(stray.signal.reason))

  function begin(work: Work): void {
    if (work.kind === 'task') return beginTask(work)
    if (work.alone) enough.abort()
    beginRun(work)
  }

  function beginRun(work: RunWork): void {
    const run = holdRun(work, home, client, settings.logLevel)
    held.set(run.runId, run)
    void run.over.then(() => held.delete(run.runId))
  }

  function beginTask(work: TaskWork): void {
    const done = doTask(work, home, stop)
      .then((finish) => client.finishTask(work.taskId, finish))
      .catch((error: unknown) => {
        home.log.debug('The result of a task was not taken', { error })
      })
    tasks.add(done)
    void done.finally(() => tasks.delete(done))
  }

  /**
   * An error that nobody waited for is the fault of one of the runs here. Of the only one it is the end; among
   * several nobody knows whose it was, so that all begin again, each in a process of its own.
   */
  function takeStray(reason: unknown): void {
    enough.abort()
    const [only, ...others] = held.values()
    if (others.length > 0) process.exit(runnerExits.stray)
    only?.fail(
      fault('internal', 'Code of a connector or of the application failed where nobody waited for it', {
        cause: reason,
      }),
    )
  }

  async function claimLoop(): Promise<void> {
    while (!ended.aborted && !isLast) {
      try {
        const work = await client.claim(ended)
        if (work !== undefined) begin(work)
      } catch (error) {
        if (ended.aborted) return
        // a server that does not know this process has no work for it
        if (error instanceof ServerCallFailed && error.status === 401) return enough.abort()
        await sleep(pauseMs, undefined, { signal: ended }).catch(() => undefined)
      }
    }
  }

  async function heartbeatLoop(over: AbortSignal): Promise<void> {
    const everyMs = Math.min(heartbeatMs, settings.leaseMs / 4)
    while (!over.aborted) {
      await sleep(everyMs, undefined, { signal: over }).catch(() => undefined)
      if (!over.aborted) await beat()
    }
  }

  async function beat(): Promise<void> {
    // with runs its lease is out then, and another server may have them
    const patienceMs = held.size > 0 ? settings.leaseMs : idleSilenceMs
    const leftMs = (): number => client.heardAtMs + patienceMs - performance.now()
    if (held.size > 0) {
      try {
        const reported = {
          runs: [...held.values()].map((run) => run.report()),
          breakers: home.breakers.told(),
        }
        // a server that is frozen takes calls and answers none; one that was not asked in time, because this process was
        // held up itself, is asked all the same
        const withinMs = Math.max(leftMs(), settings.leaseMs / 2)
        const { runs, drain } = await client.heartbeat(reported, withinMs)
        for (const told of runs) held.get(told.runId)?.told(told)
        if (drain) isLast = true
      } catch (error) {
        if (error instanceof ServerCallFailed && error.status === 401) abandonAll()
      }
    }
    if (leftMs() <= 0) abandonAll()
  }

  function abandonAll(): void {
    enough.abort()
    for (const run of held.values()) run.abandon()
  }

  stop.addEventListener('abort', abandonAll, { once: true })
  const over = new AbortController()
  const beating = heartbeatLoop(over.signal)
  await claimLoop()
  while (held.size + tasks.size > 0)
    await Promise.allSettled([...[...held.values()].map((run) => run.over), ...tasks])
  over.abort()
  await beating
}

/** A claim is answered every twenty seconds also without work, milliseconds. */
const idleSilenceMs = 45_000
