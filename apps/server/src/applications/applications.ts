import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Log } from '@bulkhead/connector-sdk'
import { type Bundle, bundleSchema, errorOf } from '@bulkhead/contract'
import type { Application, Catalog } from '@bulkhead/engine'
import type { Surroundings } from '@bulkhead/engine/application/behaviour'
import type { ChangePlan } from '@bulkhead/engine/application/change-plan'
import { makeBundle } from '@bulkhead/engine/application/bundle'
import { catalogFaults } from '@bulkhead/engine/application/catalog-faults'
import { ownFolderOf } from '@bulkhead/engine/links/served-folder'
import { reach } from '@bulkhead/engine/observe/moments'
import type { Actor, Repository } from '../repository/repository.ts'
import type { ApplicationHead, NewRevision, RevisionApplied } from '../repository/revision-keeping.ts'
import { openFolderMemory } from './folder-memory.ts'
import { followHeads } from './follow-heads.ts'
import type { NotServed } from './not-served.ts'
import { createBundleReader, openNamed } from './open-bundle.ts'
import { type ChangedRevision, planChanges } from './plan-changes.ts'
import { type ServedApplication, servedApplication } from './served-application.ts'
import { watchFolder } from './watch-folder.ts'

export type { NotServed } from './not-served.ts'
export type { ServedApplication } from './served-application.ts'

/** Applications, and their revisions: what is served now, on all servers of the repository. */
export interface Applications extends AsyncDisposable {
  /** What new requests are accepted with. */
  get(name: string): ServedApplication | undefined
  /** What a run was accepted with; undefined when there is no such revision. */
  revision(name: string, revision: string): Promise<ServedApplication | undefined>
  list(): readonly ServedApplication[]
  /** What the repository last said of it; also of one that was removed. */
  head(name: string): ApplicationHead | undefined
  /** Those of which runs may wait: with what was removed, until its queue has run out. */
  working(): readonly ServedApplication[]
  setAside(): readonly NotServed[]
  /** Told the name of an application when another revision of it is served, or none. */
  onChange(listener: (name: string) => void): () => void
  /** Begins to follow the folder. */
  start(): void
  /** As the repository has everything when this is called. @throws BulkheadError `repository-unavailable` */
  follow(): Promise<void>

  /**
   * Takes a revision, from a caller. @throws BulkheadError why it does not validate
   * @param expected  revision that has to be current; null: none
   */
  apply(bundle: Bundle, by: Decision): Promise<RevisionApplied>
  /** What a change would do here. Changes nothing; what does not validate is told in the plan. */
  plan(change: WantedChange): Promise<ChangePlan>
  /** What another build of the runner is to applications, each as the identities of builds before and after. */
  planRunner(moves: readonly RunnerMove[]): Promise<ChangePlan>
  /**
   * Takes a change, all of it at once; nothing when one of its applications does not validate, or was changed meanwhile. What is
   * removed takes no more requests; what waits is run.
   * @throws BulkheadError `plan-stale`: the plan of the change has another hash now, or became another meanwhile
   */
  change(change: WantedChange, by: ChangeDecision): Promise<readonly ChangedRevision[]>
  /** Makes a kept revision current. */
  makeCurrent(name: string, number: number, by: Decision): Promise<RevisionApplied>
  /** Takes no more requests for it; what waits is run. @returns whether it was served */
  remove(name: string, actor: Actor): Promise<boolean>
  /** Its processes die before they ask for work: what was current before is again. */
  crashed(one: ServedApplication, reason: string): Promise<void>
}

/** Who decided something, and about which state. */
export interface Decision {
  readonly actor: Actor
  readonly expected?: string | null
}

export interface WantedChange {
  /** Applications as they shall be. */
  readonly bundles: readonly Bundle[]
  /** Names of those that shall be gone. */
  readonly remove: readonly string[]
}

export interface RunnerMove {
  readonly bundle: Bundle
  readonly before: string
  readonly after: string
}

export interface ChangeDecision {
  readonly actor: Actor
  /** What the plan of the change has to be; undefined: whatever it is. */
  readonly planHash: string | undefined
}

export interface ApplicationsOptions {
  /** Its sub-folders are applications; or it is one itself. */
  readonly folder: string
  /** Overlay of all: `environments/NAME.yaml`, for those that have it. */
  readonly environment: string | undefined
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly stateFolder: string
  readonly catalog: Catalog
  /** What its applications meet here; absent: nothing that decides. */
  readonly platform?: Surroundings['platform']
  /** Identity of the build of the runner that an application is on; absent: nobody knows. */
  readonly runnerOf?: (application: string) => string
  readonly repository: Pick<
    Repository,
    | 'applicationHeads'
    | 'applyRevision'
    | 'applyChange'
    | 'revisions'
    | 'makeRevisionCurrent'
    | 'setRevisionAside'
    | 'removeApplication'
    | 'revisionBundle'
    | 'queued'
    | 'onChange'
  >
  readonly log: Log
  /** How often the folder is looked at, milliseconds; default a second. */
  readonly everyMs?: number
}

const everyMs = 1_000
/** Of the folder, in the history. */
const folderActor = 'folder'

/**
 * Reads the folder of applications and what the repository keeps of them. The repository says which revision is current; a folder
 * speaks when it changes. What is broken is set aside with its reason, and stops nothing else (I7).
 *
 * @throws BulkheadError `application-not-found` when the folder is not there; what the repository throws
 */
export async function openApplications(options: ApplicationsOptions): Promise<Applications> {
  const { repository, catalog, log, stateFolder, variables } = options
  const root = resolve(options.folder)
  const reader = await createBundleReader(join(stateFolder, 'bundles'), variables)
  const memory = await openFolderMemory(stateFolder, root)
  /** Where the folder has each application. */
  const folders = new Map<string, string>()
  const fresh = new Map<string, { readonly application: Application; readonly bundle: Bundle }>()
  let isFirst = true

  const heads = followHeads({
    repository,
    log,
    async open(name, revision) {
      const known = fresh.get(revision)
      fresh.delete(revision)
      if (known !== undefined) return served(known.application, known.bundle)
      const text = await repository.revisionBundle(name, revision)
      if (text === undefined) return undefined
      const bundle = bundleSchema.parse(JSON.parse(text))
      return await reader.open(bundle, (application) => served(application, bundle))
    },
  })

  function served(application: Application, bundle: Bundle): ServedApplication {
    const { name } = application
    const baseFolder = folders.get(name) ?? heads.get(name)?.baseFolder
    return servedApplication(application, bundle, baseFolder ?? ownFolderOf(stateFolder, name))
  }

  async function keep(
    application: Application,
    bundle: Bundle,
    by: Decision & Pick<ApplicationHead, 'origin'>,
  ): Promise<RevisionApplied> {
    const { name } = application
    const { digest } = bundle
    refuseUnusable(application, catalog, heads.head(name)?.state === 'serving', log)
    const before = heads.head(name)
    // of what changed while no server looked nobody knows what it was before
    const changed = isFirst ? undefined : await changes.changed(bundle)
    const revision = { application: name, digest, bundle: JSON.stringify(bundle), changed, ...by }
    fresh.set(digest, { application, bundle })
    try {
      const applied = await (by.origin === 'folder'
        ? bring(revision, before)
        : repository.applyRevision(revision))
      if (!isFirst) await heads.follow()
      return applied
    } finally {
      if (!isFirst) fresh.delete(digest)
    }
  }

  /** What another server brought from its folder meanwhile is no news here, nor is what became of it since. */
  async function bring(revision: NewRevision, before: ApplicationHead | undefined): Promise<RevisionApplied> {
    const { application, digest } = revision
    // it came from another folder, and does not start
    if (before?.aside?.digest === digest) return { is: 'stale', current: before.digest }
    const expected = before?.state === 'serving' ? before.digest : null
    const applied = await repository.applyRevision({ ...revision, expected })
    if (applied.is !== 'stale') return applied
    await heads.look()
    const now = heads.head(application)
    const isBrought = now?.digest === digest || now?.aside?.digest === digest
    return isBrought ? applied : await repository.applyRevision(revision)
  }

  const watch = watchFolder({
    root,
    environment: options.environment,
    variables,
    log,
    everyMs: options.everyMs ?? everyMs,
    nameOf: (folder) => memory.nameOf(folder),
    async onRead(application, folder) {
      const { name } = application
      const bundle = await makeBundle(application)
      const { digest } = bundle
      folders.set(name, folder)
      if (!isFirst || (await speaks(name, digest)))
        await keep(application, bundle, { origin: 'folder', actor: folderActor })
      await memory.saw(name, { digest, folder })
    },
    async onGone(name) {
      await remove(name, folderActor)
      folders.delete(name)
      await memory.saw(name, undefined)
    },
  })

  /** Whether a folder says something new when a server begins to follow it. */
  async function speaks(name: string, digest: string): Promise<boolean> {
    const head = heads.head(name)
    if (head === undefined || memory.of === 'other') return true
    if (head.state === 'serving' && head.digest === digest) return head.origin !== 'folder'
    const seen = memory.of === 'same' ? memory.before.get(name) : undefined
    const isOld =
      seen === undefined
        ? (await repository.revisionBundle(name, digest)) !== undefined
        : seen.digest === digest
    if (isOld)
      log.warn(`The folder of "${name}" says nothing new: revision ${head.number} stays ${head.state}`, {
        application: name,
      })
    return !isOld
  }

  /** What the folder had when it was last followed, and has no more. */
  async function removeGone(): Promise<void> {
    const gone = [...memory.before].filter(
      ([name, { folder }]) =>
        !folders.has(name) &&
        heads.head(name)?.origin === 'folder' &&
        !(memory.of === 'same' && existsSync(folder)),
    )
    // a folder that is not mounted is no wish to end everything
    if (memory.of === 'same' && folders.size === 0 && gone.length > 0)
      log.warn('All applications that the folder had are gone from it; they are kept')
    else for (const [name] of gone) await repository.removeApplication(name, folderActor)
  }

  async function remove(name: string, actor: Actor): Promise<boolean> {
    const removed = await repository.removeApplication(name, actor)
    await heads.follow()
    return removed
  }

  await heads.look()
  await watch.first()
  await removeGone()
  // of one that cannot be read now, paths start where they did
  if (memory.of === 'same')
    for (const [name, { folder }] of memory.before) if (!folders.has(name)) folders.set(name, folder)
  await heads.follow()
  fresh.clear()
  isFirst = false
  heads.start()

  async function changedBack(name: string, number: number): Promise<readonly string[] | undefined> {
    const { items } = await repository.revisions({ application: name, before: number + 1, most: 1 })
    const [to] = items
    if (to?.number !== number) return undefined
    const text = await repository.revisionBundle(name, to.digest)
    return text === undefined ? undefined : await changes.changed(bundleSchema.parse(JSON.parse(text)))
  }

  async function apply(bundle: Bundle, by: Decision): Promise<RevisionApplied> {
    return await keep(await openNamed(reader, bundle), bundle, { origin: 'api', ...by })
  }

  const changes = planChanges({
    reader,
    around: { catalog, variables, ...(options.platform !== undefined && { platform: options.platform }) },
    runnerOf: (name) => options.runnerOf?.(name),
    get: (name) => heads.get(name),
    head: (name) => heads.head(name),
    async applyAll(revisions, removals, actor) {
      const opened = await Promise.all(
        revisions.map(async (one) => ({ ...one, application: await openNamed(reader, one.bundle) })),
      )
      for (const { application, bundle } of opened) fresh.set(bundle.digest, { application, bundle })
      try {
        reach('before-change')
        const result = await repository.applyChange({
          revisions: revisions.map(({ bundle, ...more }) => ({
            ...more,
            application: bundle.application,
            digest: bundle.digest,
            bundle: JSON.stringify(bundle),
            origin: 'api',
            actor,
          })),
          removals,
          actor,
        })
        reach('after-change')
        await heads.follow()
        return result
      } finally {
        for (const { bundle } of revisions) fresh.delete(bundle.digest)
      }
    },
  })

  return {
    plan: changes.plan,
    planRunner: changes.planRunner,
    change: changes.change,
    get: (name) => heads.get(name),
    revision: (name, revision) => heads.revision(name, revision),
    list: () => heads.list(),
    head: (name) => heads.head(name),
    working: () => heads.working(),
    setAside: () => [...watch.setAside(), ...heads.setAside()],
    onChange: (listener) => heads.onChange(listener),
    start: () => watch.start(),
    follow: () => heads.follow(),
    apply,
    async makeCurrent(name, number, by) {
      const changed = await changedBack(name, number)
      const applied = await repository.makeRevisionCurrent({ application: name, number, changed, ...by })
      await heads.follow()
      return applied
    },
    remove,
    crashed: (one, reason) => heads.crashed(one, reason),
    async [Symbol.asyncDispose]() {
      await watch[Symbol.asyncDispose]()
      await heads[Symbol.asyncDispose]()
    },
  }
}

/**
 * What no run could use is not put in the place of what works. Without anything that works it is served all the same: its
 * requests are answered, with the reason.
 */
function refuseUnusable(application: Application, catalog: Catalog, isServed: boolean, log: Log): void {
  const faults = catalogFaults(application, catalog)
  if (faults.length === 0) return
  if (isServed) throw errorOf([...faults])
  log.warn(`Runs of "${application.name}" will fail: ${faults[0]?.message ?? ''}`, {
    application: application.name,
  })
}
