import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BulkheadError, isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { Application } from '@bulkhead/engine'
import { bundledPaths } from '@bulkhead/engine/application/code-files'
import { applicationFolders, nameTaken, overlayOf } from '@bulkhead/engine/application/read-applications'
import { readApplication } from '@bulkhead/engine/application/read-application'
import type { NotServed } from './not-served.ts'

export interface FolderWatchOptions {
  /** Its sub-folders are applications; or it is one itself. */
  readonly root: string
  readonly environment: string | undefined
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly log: Log
  /** How often it is looked at, milliseconds. What is the same twice has settled. */
  readonly everyMs: number
  /** Of the application that was there before, for one that cannot be read any more. */
  readonly nameOf: (folder: string) => string | undefined
  /** What settled, and can be read. @throws BulkheadError why it cannot be used; of kind `transient`: it is brought again */
  readonly onRead: (application: Application, folder: string) => Promise<void>
  readonly onGone: (name: string) => Promise<void>
  /** Milliseconds of a clock that only goes on; default: of this process. */
  readonly now?: () => number
}

/** Looks at a folder of applications, each for itself: what is wrong with one holds up no other (I7). */
export interface FolderWatch extends AsyncDisposable {
  /** @throws BulkheadError `application-not-found` when the folder is not there */
  first(): Promise<void>
  /** Once more. @throws BulkheadError `application-not-found` when the folder, or all of it, is gone */
  look(): Promise<void>
  /** From then on. */
  start(): void
  setAside(): readonly NotServed[]
}

interface Watched {
  name: string | undefined
  paths: readonly string[]
  /** State of its files when it was last read, and what they were like a look ago. */
  read: string | undefined
  pending: string | undefined
  error: BulkheadError | undefined
  /** Looks since its manifest is not there. */
  missing: number
  /** It is not looked at before. */
  restsUntilMs: number
}

/** One whose reading takes long gets no more than a tenth of the time, whatever it changes: the server has others (I7). */
const restsFor = 10
const longestRestMs = 60_000

export function watchFolder(options: FolderWatchOptions): FolderWatch {
  const { root, environment, variables, log, everyMs, nameOf, onRead, onGone } = options
  const now = options.now ?? (() => performance.now())
  const all = new Map<string, Watched>()
  const stop = new AbortController()
  let looking = Promise.resolve()
  let trouble: string | undefined

  async function look(isFirst: boolean): Promise<void> {
    const folders = await applicationFolders(root)
    for (const folder of folders) {
      if (stop.signal.aborted) return
      const one = all.get(folder) ?? newFolder()
      all.set(folder, one)
      one.missing = 0
      const begunMs = now()
      if (begunMs < one.restsUntilMs) continue
      await lookAt(folder, one, isFirst)
      one.restsUntilMs = now() + Math.min(longestRestMs, restsFor * (now() - begunMs))
    }
    await lookForGone(new Set(folders))
  }

  /** One that is not there may come. */
  function withOverlay(paths: readonly string[]): readonly string[] {
    return environment === undefined ? paths : [...paths, `environments/${environment}.yaml`]
  }

  function newFolder(): Watched {
    return {
      name: undefined,
      paths: withOverlay(['application.yaml']),
      read: undefined,
      pending: undefined,
      error: undefined,
      missing: 0,
      restsUntilMs: 0,
    }
  }

  /** A state is read when it is the same for two looks; what does not validate is read again with each look. */
  async function lookAt(folder: string, one: Watched, isFirst: boolean): Promise<void> {
    const state = await stateOf(folder, one.paths)
    if (state === one.read && one.error === undefined) return
    const hasSettled = isFirst || state === one.pending
    one.pending = state
    if (!hasSettled) return
    try {
      const application = await read(folder, one, isFirst)
      if (application === undefined) return
      const other = [...all].find(([at, { name }]) => at !== folder && name === application.name)
      if (other !== undefined) throw nameTaken(application.name, other[0])
      await onRead(application, folder)
      if (one.name !== undefined && one.name !== application.name) await onGone(one.name)
      one.name = application.name
      one.error = undefined
    } catch (error) {
      one.read = undefined
      // the repository is away: nothing is wrong with the application
      if (isBulkheadError(error) && error.kind === 'transient') return
      setAside(folder, one, error)
    }
  }

  /** Whatever it is, it stays with this one (I7). */
  function setAside(folder: string, one: Watched, thrown: unknown): void {
    const error = isBulkheadError(thrown)
      ? thrown
      : fault(
          'internal',
          `The folder cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'unknown fault'})`,
        )
    if (one.error?.message !== error.message)
      log.warn(`The application in ${folder} is set aside: ${error.message}`, { code: error.code })
    one.error = error
  }

  /** @returns undefined when it changed while it was read */
  async function read(folder: string, one: Watched, isFirst: boolean): Promise<Application | undefined> {
    const readOnce = async (): Promise<Application> =>
      readApplication(folder, {
        environment: await overlayOf(folder, environment),
        variables,
        allowLoopback: variables['BULKHEAD_ALLOW_LOOPBACK'] === '1',
      })
    const found = await readOnce()
    const paths = withOverlay(await bundledPaths(found))
    const isMore = paths.some((path) => !one.paths.includes(path))
    one.paths = paths
    const before = await stateOf(folder, paths)
    one.pending = before
    // files that were not looked at before have to settle, too
    if (isMore && !isFirst) return undefined
    one.read = before
    if (isFirst) return found
    // read between two looks that see the same
    const again = await readOnce()
    if ((await stateOf(folder, withOverlay(await bundledPaths(again)))) === before) return again
    one.read = undefined
    return undefined
  }

  async function lookForGone(there: ReadonlySet<string>): Promise<void> {
    const gone: [string, Watched][] = []
    for (const [folder, one] of all) {
      if (there.has(folder) || ++one.missing < 2) continue
      if (await isAnyThere(folder, one.paths)) setAside(folder, one, withoutManifest())
      else gone.push([folder, one])
    }
    // a folder that was unmounted is no wish to end everything
    if (gone.length > 0 && gone.length === all.size)
      throw fault('application-not-found', `All applications are gone from ${root}; they are kept`, {
        fix: 'Bring them back, or give the server another folder',
      })
    for (const [folder, { name }] of gone) {
      if (name !== undefined) await onGone(name)
      all.delete(folder)
    }
  }

  async function keepLooking(): Promise<void> {
    while (!stop.signal.aborted) {
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => undefined)
      if (stop.signal.aborted) return
      try {
        await look(false)
        trouble = undefined
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        if (reason !== trouble) log.warn(`The folder of applications is not followed: ${reason}`)
        trouble = reason
      }
    }
  }

  return {
    first: () => look(true),
    look: () => look(false),
    start() {
      looking = keepLooking()
    },
    setAside: () =>
      [...all].flatMap(([folder, { name = nameOf(folder), error }]) =>
        error === undefined ? [] : [{ folder, name, code: error.code, message: error.message }],
      ),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await looking
    },
  }
}

/** Which files are there, and which they are: of any change at least one number moves. */
async function stateOf(folder: string, paths: readonly string[]): Promise<string> {
  const states = await Promise.all(
    paths.map(async (path) => {
      try {
        const { mtimeNs, ctimeNs, size, ino } = await stat(join(folder, path), { bigint: true })
        return `${path} ${mtimeNs} ${ctimeNs} ${size} ${ino}`
      } catch {
        return `${path} -`
      }
    }),
  )
  return states.join('\n')
}

function withoutManifest(): BulkheadError {
  return fault('application-not-found', 'The folder has no application.yaml any more')
}

/** Whether anything of an application is left; data that lies beside it is no part of it. */
async function isAnyThere(folder: string, paths: readonly string[]): Promise<boolean> {
  const all = await Promise.all(
    paths.map((path) =>
      stat(join(folder, path)).then(
        () => true,
        () => false,
      ),
    ),
  )
  return all.includes(true)
}
