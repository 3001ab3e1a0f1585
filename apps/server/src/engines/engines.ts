import { realpathSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import { engineName, fault, ownEngine } from '@bulkhead/contract'
import { readEngineBuild } from '@bulkhead/engine/platform/engine-build'
import { askEngine } from './ask-engine.ts'
import { builtInEngine, type Engine, engineOf } from './engine.ts'

/** What a server knows of an engine in its folder. */
export type EngineState =
  | { readonly is: 'usable'; readonly engine: Engine }
  /** It was not heard yet. */
  | { readonly is: 'asked' }
  | { readonly is: 'set-aside'; readonly code: string; readonly message: string }

/** The engines of this server: its own, and those in a folder, each in a sub-folder that is named after it. */
export interface Engines extends AsyncDisposable {
  readonly own: Engine
  /** Undefined: it is not there. */
  state(name: string): EngineState | undefined
  /** Without the own one, by their names. */
  list(): readonly (readonly [name: string, state: EngineState])[]
  /** Looks at the folder, and begins to ask what is new in it. Never rejects. */
  look(): Promise<void>
  /** The same for one engine, and waits for its answer; one that could not be used is asked once more. Never rejects. */
  heard(name: string): Promise<EngineState | undefined>
  /** Told after each look, and when an engine was heard. */
  onLook(listener: () => void): () => void
}

export interface EnginesOptions {
  /** Need not be there; undefined: there are none but the own one. */
  readonly folder: string | undefined
  /** The file that processes of the own engine run. */
  readonly ownEntry: string
  readonly log: Log
  /** How often the folder is looked at, milliseconds. */
  readonly everyMs?: number
  /** How long a build may take to say what it is, milliseconds. */
  readonly askMs?: number
}

const everyMs = 5_000
/** Ten times as long as on an idle machine. */
const askMs = 15_000
/** A machine may be busy: only who is silent so often hangs. */
const mostTries = 3
/** More are not looked at: their names are labels of metrics. */
const mostEngines = 20

interface Known {
  /** Another one where its files are others. */
  readonly signature: string
  state: EngineState
  readonly asking: Promise<void>
}

export function openEngines(options: EnginesOptions): Engines {
  const { folder = '', log } = options
  const own = builtInEngine(options.ownEntry)
  const known = new Map<string, Known>()
  const listeners = new Set<() => void>()
  const over = new AbortController()
  let looking: Promise<void> | undefined
  let isFull = false

  async function lookNow(): Promise<void> {
    const names = await namesIn(folder)
    if (names.length > mostEngines && !isFull)
      log.warn(`There are ${names.length} engines, and only the first ${mostEngines} are looked at`)
    isFull = names.length > mostEngines
    const found = new Set(names.slice(0, mostEngines))
    for (const name of known.keys()) if (!found.has(name)) known.delete(name)
    for (const name of found) {
      const signature = signatureOf(join(folder, name))
      if (known.get(name)?.signature !== signature) meet(name, signature)
    }
    tell()
  }

  function tell(): void {
    for (const listener of listeners) listener()
  }

  function meet(name: string, signature: string): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    const one: Known = { signature, state: { is: 'asked' }, asking: promise }
    known.set(name, one)
    void hear(name).then((state) => {
      one.state = state
      resolve()
      if (over.signal.aborted) return
      tell()
      if (state.is === 'usable')
        log.info(`The engine "${name}" can be used`, { engine: name, build: state.engine.identity })
      else if (state.is === 'set-aside')
        log.warn(`"${name}": ${state.message}`, { engine: name, code: state.code })
    })
  }

  /** Never rejects. */
  async function hear(name: string): Promise<EngineState> {
    try {
      const build = readEngineBuild(join(folder, name))
      await ask(build)
      return { is: 'usable', engine: engineOf(name, build) }
    } catch (error) {
      const { code, message } = isBulkheadError(error)
        ? error
        : fault('engine-unusable', `The engine cannot be used: ${String(error)}`)
      return { is: 'set-aside', code, message }
    }
  }

  async function ask(build: Parameters<typeof askEngine>[0]): Promise<void> {
    const timeMs = options.askMs ?? askMs
    for (let tries = 1; ; tries++) {
      const begun = performance.now()
      try {
        return await askEngine(build, { timeMs, signal: over.signal })
      } catch (error) {
        const wasSilent = performance.now() - begun >= timeMs
        if (!wasSilent || tries >= mostTries || over.signal.aborted) throw error
      }
    }
  }

  const look = (): Promise<void> =>
    (looking ??= lookNow()
      .catch((error: unknown) => log.warn('The folder of engines cannot be read', { error: String(error) }))
      .finally(() => void (looking = undefined)))

  const timer = setInterval(() => void look(), options.everyMs ?? everyMs)
  return {
    own,
    state: (name) => known.get(name)?.state,
    list: () =>
      [...known].map(([name, { state }]) => [name, state] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    look,
    async heard(name) {
      await look()
      const one = known.get(name)
      // it may have been looked at while it was being put there
      if (one?.state.is === 'set-aside') meet(name, one.signature)
      await known.get(name)?.asking
      return known.get(name)?.state
    },
    onLook(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      over.abort()
      await looking
      await Promise.all([...known.values()].map(({ asking }) => asking))
    },
  }
}

/** By name. What is not there has none in it; the name of the own one is nobody else's. */
async function namesIn(folder: string): Promise<readonly string[]> {
  if (folder === '') return []
  try {
    const names = await readdir(folder)
    return names.filter((name) => name !== ownEngine && engineName.safeParse(name).success).toSorted()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Where it really lies, and when its packages were last written: an engine is not changed in place, but its link may be. */
function signatureOf(folder: string): string {
  const of = (path: string): string => {
    try {
      const { mtimeMs, size, ino } = statSync(path)
      return `${realpathSync(path)} ${mtimeMs} ${size} ${ino}`
    } catch {
      return ''
    }
  }
  const runner = join(folder, 'node_modules', '@bulkhead', 'runner')
  return [folder, runner]
    .flatMap((home) => [join(home, 'package.json'), join(home, 'dist/connected/main.js')])
    .map(of)
    .join('\n')
}
