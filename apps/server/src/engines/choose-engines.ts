import type { Log } from '@bulkhead/connector-sdk'
import type { Applications } from '../applications/applications.ts'
import type { Repository } from '../repository/repository.ts'
import type { Engine } from './engine.ts'
import type { Engines } from './engines.ts'

/** Which engine each application is on, as far as this server can follow. */
export interface EngineChoice extends AsyncDisposable {
  /** What its next process is of: the engine that it was put on, or the own one when that cannot be used here. */
  of(application: string): Engine
  /** False: it is on an engine that this server does not have. Another one runs what waits. */
  mayClaim(application: string): boolean
  /**
   * A process of an engine died before it had read anything, or a run of it ended in a fault of ours.
   * @returns whether the engine is to blame: not when runs of the application have completed on it
   */
  failed(application: string, engine: Engine, reason: string): boolean
  /** A run of it has completed: from here on nothing speaks against the engine. */
  works(application: string, engine: Engine): void
  /** Takes applications back from what cannot be used. Never rejects. */
  settle(): Promise<void>
}

export interface ChoiceOptions {
  readonly engines: Engines
  readonly applications: () => Pick<Applications, 'working' | 'head'>
  readonly repository: Pick<Repository, 'setEngineAside' | 'onChange'>
  /** No other server can have what this one has not. */
  readonly isAlone: boolean
  readonly log: Log
}

/** One may be bad luck, or a machine with too much to do. Each is no attempt of a run, so that none is lost by it. */
const mostInARow = 2
/** Applications on builds that are counted, and that are known to work: the latest. */
const mostCounted = 1000

export function chooseEngines(options: ChoiceOptions): EngineChoice {
  const { engines, repository, isAlone, log } = options
  const inARow = new Map<string, number>()
  const working = new Set<string>()
  /** Taken from an engine by this server, and the repository may not know yet: the engine's name by application. */
  const fallen = new Map<
    string,
    { readonly engine: string; readonly code: string; readonly message: string }
  >()
  /** Of what the log was told. */
  const told = new Set<string>()
  let settling: Promise<void> | undefined
  let again = false

  /** Name of the engine that it shall be on; undefined: the own one. */
  function wanted(application: string): string | undefined {
    const engine = options.applications().head(application)?.engine
    const left = fallen.get(application)
    if (left === undefined) return engine
    if (left.engine === engine) return undefined
    fallen.delete(application) // by now everybody knows
    return engine
  }

  function usable(name: string): Engine | undefined {
    const state = engines.state(name)
    return state?.is === 'usable' ? state.engine : undefined
  }

  function fall(application: string, engine: string, code: string, message: string): void {
    fallen.set(application, { engine, code, message })
    log.warn(`"${application}" is taken from the engine "${engine}": ${message}`, {
      application,
      engine,
      code,
    })
  }

  async function settleNow(): Promise<void> {
    for (const { application } of options.applications().working()) {
      const { name } = application
      const engine = wanted(name)
      if (engine !== undefined) judge(name, engine)
    }
    for (const [application, left] of fallen) {
      await repository.setEngineAside({ application, ...left, actor: 'server' })
    }
  }

  function judge(application: string, engine: string): void {
    const state = engines.state(engine)
    const key = `${application}/${engine}`
    if (state !== undefined) told.delete(key)
    if (state?.is === 'set-aside') return fall(application, engine, state.code, state.message)
    if (state !== undefined) return
    const message = `The engine "${engine}" is not in the folder of engines of this server`
    if (isAlone) return fall(application, engine, 'engine-unknown', message)
    if (told.has(key)) return
    told.add(key)
    log.warn(`${message}: runs of "${application}" are left to other servers`, { application, engine })
  }

  function settle(): Promise<void> {
    again = true
    return (settling ??= (async () => {
      while (again) {
        again = false
        await settleNow().catch((error: unknown) => {
          log.warn('That an engine does not work could not be kept', { error: String(error) })
        })
      }
      settling = undefined
    })())
  }

  const unlisten = [
    engines.onLook(() => void settle()),
    repository.onChange((change) => {
      if (change === 'applications') void settle()
    }),
  ]

  return {
    of(application) {
      const name = wanted(application)
      return (name === undefined ? undefined : usable(name)) ?? engines.own
    },
    mayClaim(application) {
      const name = wanted(application)
      return name === undefined || usable(name) !== undefined
    },
    failed(application, engine, reason) {
      const key = `${application}/${engine.label}`
      if (working.has(key)) return false
      const count = (inARow.get(key) ?? 0) + 1
      inARow.set(key, count)
      forgetOldest(inARow)
      if (count < mostInARow || wanted(application) !== engine.name) return true
      inARow.delete(key)
      fall(application, engine.name, 'engine-crashes', `"${application}" does not start on it: ${reason}`)
      void settle()
      return true
    },
    works(application, engine) {
      working.add(`${application}/${engine.label}`)
      forgetOldest(working)
    },
    settle,
    async [Symbol.asyncDispose]() {
      for (const end of unlisten) end()
      again = false
      await settling
    },
  }
}

function forgetOldest(keys: Map<string, unknown> | Set<string>): void {
  for (const oldest of keys.keys()) {
    if (keys.size <= mostCounted) return
    keys.delete(oldest)
  }
}
