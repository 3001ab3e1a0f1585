import { isBulkheadError, type Log } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { Repository } from '../repository/repository.ts'
import type { ApplicationHead, RevisionFault } from '../repository/revision-keeping.ts'
import type { ServedApplication } from './served-application.ts'
import type { NotServed } from './not-served.ts'

export interface HeadsOptions {
  readonly repository: Pick<Repository, 'applicationHeads' | 'queued' | 'setRevisionAside' | 'onChange'>
  readonly log: Log
  /** @returns undefined when the repository does not have it. @throws BulkheadError why it cannot be served here */
  readonly open: (name: string, revision: string) => Promise<ServedApplication | undefined>
}

/** Serves what the repository says is current, on whichever server it became so. */
export interface Heads extends AsyncDisposable {
  /** Only looks what is current, and serves nothing of it yet. */
  look(): Promise<void>
  /** As the repository has it when this is called. @throws BulkheadError `repository-unavailable` */
  follow(): Promise<void>
  /** By itself, from then on. */
  start(): void
  head(name: string): ApplicationHead | undefined
  get(name: string): ServedApplication | undefined
  revision(name: string, revision: string): Promise<ServedApplication | undefined>
  list(): readonly ServedApplication[]
  working(): readonly ServedApplication[]
  setAside(): readonly NotServed[]
  onChange(listener: (name: string) => void): () => void
  crashed(one: ServedApplication, reason: string): Promise<void>
}

/** Changes whose notice was lost are found so late at most. */
const pollMs = 5_000
/** Revisions that runs were accepted with, in memory. */
const mostEarlier = 200

export function followHeads({ repository, log, open }: HeadsOptions): Heads {
  const served = new Map<string, ServedApplication>()
  /** Removed, with runs that wait. */
  const leaving = new Map<string, ServedApplication>()
  const earlier = new Map<string, ServedApplication>()
  /** Current revisions that cannot be opened here. */
  const unusable = new Map<string, RevisionFault>()
  /** Of what the log was told. */
  const told = new Set<string>()
  const listeners = new Set<(name: string) => void>()
  let known = new Map<string, ApplicationHead>()
  let following = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let unlisten = (): void => undefined
  let isOut = false

  async function look(): Promise<void> {
    known = new Map((await repository.applicationHeads()).map((head) => [head.application, head]))
  }

  async function followNow(): Promise<void> {
    await look()
    const heads = [...known.values()]
    const opened = await openAll(heads)
    // nothing waits in between: whoever asks sees all of a change of several, or nothing of it
    const changed = heads.filter((head) => (head.state === 'serving' ? serve(head, opened) : end(head)))
    for (const { application, digest, number, state } of changed) {
      if (state === 'serving')
        log.info(`"${application}" is at revision ${number}`, { application, revision: digest })
      else log.info(`"${application}" was removed; what waits is run`, { application })
      tell(application)
    }
    for (const head of heads) {
      if (head.state === 'removed') await alone(head, () => leave(head))
      tellAside(head.application)
    }
  }

  /** What becomes current, by name. */
  async function openAll(heads: readonly ApplicationHead[]): Promise<ReadonlyMap<string, ServedApplication>> {
    const opened = new Map<string, ServedApplication>()
    for (const head of heads) {
      const { application, digest, state } = head
      if (state !== 'serving') continue
      if (served.get(application)?.revision === digest) unusable.delete(application)
      else
        await alone(head, async () => {
          const next = await revision(application, digest)
          if (next !== undefined) opened.set(application, next)
        })
    }
    return opened
  }

  /** One that fails concerns itself alone (I7). */
  async function alone(
    { application, number, digest }: ApplicationHead,
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (isBulkheadError(error) && error.kind === 'transient') throw error
      const { code, message } = isBulkheadError(error)
        ? error
        : fault('internal', 'The revision cannot be opened here', { cause: error })
      unusable.set(application, { number, digest, code, message })
    }
  }

  /** @returns whether it is another one now */
  function serve({ application }: ApplicationHead, opened: ReadonlyMap<string, ServedApplication>): boolean {
    const next = opened.get(application)
    if (next === undefined) return false
    const before = served.get(application)
    if (before !== undefined) remember(before)
    served.set(application, next)
    leaving.delete(application)
    unusable.delete(application)
    return true
  }

  /** @returns whether it was served until now */
  function end({ application }: ApplicationHead): boolean {
    const before = served.get(application)
    // until it is known whether something waits
    if (before !== undefined) leaving.set(application, before)
    return served.delete(application)
  }

  async function leave({ application, digest }: ApplicationHead): Promise<void> {
    const waits = (await repository.queued(application)) > 0
    const one = waits ? (leaving.get(application) ?? (await revision(application, digest))) : undefined
    if (one === undefined) leaving.delete(application)
    else leaving.set(application, one)
  }

  async function revision(name: string, digest: string): Promise<ServedApplication | undefined> {
    const current = served.get(name) ?? leaving.get(name)
    if (current?.revision === digest) return current
    const found = earlier.get(`${name}/${digest}`) ?? (await open(name, digest))
    if (found !== undefined) remember(found)
    return found
  }

  function remember(one: ServedApplication): void {
    earlier.set(`${one.application.name}/${one.revision}`, one)
    for (const key of earlier.keys()) if (earlier.size > mostEarlier) earlier.delete(key)
  }

  /** What is wrong with a revision of it that is wanted: the repository says so to all servers, or it is so here. */
  function faultOf(name: string): RevisionFault | undefined {
    const head = known.get(name)
    return head?.state === 'serving' ? (unusable.get(name) ?? head.aside) : undefined
  }

  function tellAside(name: string): void {
    const fault = faultOf(name)
    const key = fault && `${name}/${fault.digest}/${fault.message}`
    for (const old of told) if (old.startsWith(`${name}/`) && old !== key) told.delete(old)
    if (fault === undefined || key === undefined || told.has(key)) return
    told.add(key)
    const { number, digest, code, message } = fault
    log.warn(`Revision ${number} of "${name}" is set aside: ${message}`, {
      application: name,
      revision: digest,
      code,
    })
  }

  function tell(name: string): void {
    for (const listener of listeners) listener(name)
  }

  function follow(): Promise<void> {
    const next = following.then(followNow, followNow)
    following = next.catch(() => undefined)
    return next
  }

  function followQuietly(): void {
    follow().then(
      () => void (isOut = false),
      (error: unknown) => {
        if (!isOut) log.warn(`Applications are not followed: ${String(error)}`)
        isOut = true
      },
    )
  }

  return {
    look,
    follow,
    start() {
      timer = setInterval(followQuietly, pollMs)
      unlisten = repository.onChange((change) => {
        if (change === 'applications') followQuietly()
      })
    },
    head: (name) => known.get(name),
    get: (name) => served.get(name),
    revision,
    list: () => [...served.values()],
    working: () => [...served.values(), ...leaving.values()],
    setAside: () =>
      [...known.keys()].flatMap((name): NotServed[] => {
        const fault = faultOf(name)
        const engine = known.get(name)?.engineAside
        return [
          ...(fault === undefined ? [] : [{ name, ...fault }]),
          ...(engine === undefined ? [] : [{ name, code: engine.code, message: engine.message }]),
        ]
      }),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async crashed(one, reason) {
      const { name } = one.application
      const { code, message } = fault('application-crashes', `"${name}" does not start: ${reason}`)
      const { revision: digest } = one
      await repository.setRevisionAside({ application: name, digest, code, message, actor: 'server' })
      await follow()
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      unlisten()
      await following
    },
  }
}
