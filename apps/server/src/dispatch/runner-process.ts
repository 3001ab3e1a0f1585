import { spawn } from 'node:child_process'
import type { Log } from '@bulkhead/connector-sdk'
import type { RunnerSettings, ToldBreakers, Work } from '@bulkhead/contract'
import type { ActiveRun } from './active-run.ts'
import { readChildOutput } from './child-output.ts'
import { type Death, deathOf, notStarted } from './death.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { createMemoryWall, heapFlags } from './memory-wall.ts'
import type { ServedApplication } from '../applications/applications.ts'
import type { Engine } from '../engines/engine.ts'

/** One runner process of this server, from its start to its exit. */
export interface RunnerProcess {
  readonly one: ServedApplication
  /** The build that it is of, for its whole life. */
  readonly engine: Engine
  readonly pid: number
  /** Epoch milliseconds. */
  readonly startedAtMs: number
  readonly inbox: Inbox<Work>
  readonly runs: Set<ActiveRun>
  readonly tasks: Set<string>
  runsBegun: number
  /** It takes no more runs, and ends when it has none. */
  draining: boolean
  /** When it last had a run or a task, milliseconds of the monotonic clock. */
  busyAtMs: number
  readonly walls: readonly string[]
  readonly memoryBytes: number
  /** As it told them last. */
  breakers: ToldBreakers
  /** When it first asked for work, milliseconds of the monotonic clock. */
  readonly readyAtMs: number | undefined
  /** Called whenever it asks for work. */
  ready(): void
  /** Lets it give up its runs and clean up, and kills it when it has not ended in time. */
  end(graceMs: number): void
  /** At once. The first reason counts. */
  kill(death: Death): void
  /** Never rejects. */
  readonly exited: Promise<Death>
}

export interface StartOptions {
  readonly one: ServedApplication
  readonly settings: RunnerSettings
  readonly engine: Engine
  readonly environment: Readonly<Record<string, string>>
  readonly memoryBytes: number
  readonly log: Log
}

/** What Node was told beyond its defaults and belongs to every process: where to find sources in a checkout. */
const inherited = process.execArgv.filter((flag) => /^--(conditions|import)=/.test(flag))

/** Lines that nobody keeps: more is no slip. */
const muchLines = 10_000

export function startRunner(options: StartOptions): RunnerProcess {
  const { one, settings, engine, environment, memoryBytes, log } = options
  const child = spawn(process.execPath, [...inherited, ...heapFlags(memoryBytes), engine.entry], {
    env: { ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const pid = child.pid ?? 0
  const output = readChildOutput([child.stdout, child.stderr], log, {
    application: settings.application,
    pid,
  })
  let death: Death | undefined
  let readyAtMs: number | undefined
  const runs = new Set<ActiveRun>()
  const { promise: exited, resolve } = Promise.withResolvers<Death>()

  const kill = (reason: Death): void => {
    death ??= reason
    child.kill('SIGKILL')
  }
  const wall = createMemoryWall(pid, memoryBytes, () => kill({ why: 'memory', reason: 'memory limit' }))

  child.on('error', (error) => {
    wall.stop()
    resolve(notStarted(error))
  })
  // when its output was read to the end: the last words say why
  child.on('close', (code, signal) => {
    wall.stop()
    resolve({ ...(death ?? deathOf(code, signal, output.last)), wroteMuch: output.leftOut > muchLines })
  })
  // a process that is gone before it was told who it is
  child.stdin.on('error', () => undefined)
  child.stdin.write(`${JSON.stringify(settings)}\n`)

  return {
    one,
    engine,
    pid,
    startedAtMs: Date.now(),
    inbox: createInbox(),
    runs,
    tasks: new Set(),
    runsBegun: 0,
    draining: false,
    busyAtMs: performance.now(),
    walls: wall.walls,
    breakers: [],
    get memoryBytes() {
      return wall.memoryBytes
    },
    get readyAtMs() {
      return readyAtMs
    },
    ready() {
      if (readyAtMs !== undefined) return
      readyAtMs = performance.now()
      for (const run of runs) run.heardAtMs = readyAtMs
      void wall.ready().then(() =>
        log.info('A runner is ready', {
          application: settings.application,
          pid,
          walls: wall.walls,
          engine: engine.label,
        }),
      )
    },
    end(graceMs) {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      void exited.then(() => clearTimeout(timer))
    },
    kill,
    exited,
  }
}
