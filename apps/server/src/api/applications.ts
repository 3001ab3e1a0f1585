import { randomUUID } from 'node:crypto'
import type { BulkheadError } from '@bulkhead/connector-sdk'
import { type ApplicationView, fault, type Jwks } from '@bulkhead/contract'
import type { Applications, ServedApplication } from '../applications/applications.ts'
import { allows } from '../auth/scopes.ts'
import type { Runners } from '../dispatch/runners.ts'
import type { Preparing } from '../intake/intake.ts'
import type { Repository } from '../repository/repository.ts'
import { type Handlers, ok } from './call.ts'
import { applicationView, eventView, revisionView, setAsideView } from './views.ts'

/** Public keys of an application; undefined when it has none. */
export type PublicKeys = (application: string) => Promise<Jwks | undefined>

export interface ApplicationHandlersOptions {
  readonly repository: Pick<Repository, 'queued' | 'revisions' | 'applicationEvents'>
  readonly applications: Pick<Applications, 'get' | 'list' | 'head' | 'setAside'>
  readonly runners: Pick<Runners, 'check' | 'preview'>
  readonly prepare: Preparing['prepare']
  readonly keys: PublicKeys
}

type ApplicationEndpoints =
  | 'listApplications'
  | 'showApplication'
  | 'listRevisions'
  | 'showHistory'
  | 'checkApplication'
  | 'preview'
  | 'showKeys'

/** Tasks of one application that callers may have under way: each keeps a runner of it busy. */
const MOST_TASKS = 4
const LONGEST_TASK_MS = 120_000

export function applicationHandlers(options: ApplicationHandlersOptions): Handlers<ApplicationEndpoints> {
  const { repository, applications, runners } = options
  const tasks = new Map<string, number>()

  const served = (name: string): ServedApplication => {
    const one = applications.get(name)
    if (one === undefined) throw unknown(name)
    return one
  }
  const view = (one: ServedApplication): ApplicationView =>
    applicationView(one, applications.head(one.application.name))
  /** Bounded by application, so that one of them takes nothing of another (I7). */
  const asTask = async <T>(
    name: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    served(name)
    const underWay = tasks.get(name) ?? 0
    if (underWay >= MOST_TASKS)
      throw fault('too-many-requests', `${underWay} checks and previews of "${name}" are under way`, {
        fix: 'Ask again when they are over',
      })
    tasks.set(name, underWay + 1)
    try {
      return await work(AbortSignal.any([signal, AbortSignal.timeout(LONGEST_TASK_MS)]))
    } finally {
      const left = (tasks.get(name) ?? 1) - 1
      if (left === 0) tasks.delete(name)
      else tasks.set(name, left)
    }
  }

  return {
    listApplications({ caller }) {
      const visible = applications
        .list()
        .filter(({ application: { name } }) => allows(caller.scopes, { right: 'read', application: name }))
      const aside = applications
        .setAside()
        .filter(({ name }) =>
          allows(
            caller.scopes,
            name === undefined ? { right: 'admin' } : { right: 'read', application: name },
          ),
        )
      return Promise.resolve(ok({ items: visible.map(view), setAside: aside.map(setAsideView) }))
    },
    async showApplication({ params: { application } }) {
      const one = view(served(application))
      const aside = applications.setAside().filter(({ name }) => name === application)
      const queued = await repository.queued(application)
      return ok({ ...one, queued, setAside: aside.map(setAsideView) })
    },
    async listRevisions({ params: { application }, query: { before, limit } }) {
      const { items, next } = await repository.revisions({
        application,
        most: limit,
        ...(before !== undefined && { before }),
      })
      if (items.length === 0 && before === undefined) throw unknown(application)
      return ok({ items: items.map(revisionView), ...(next !== undefined && { next }) })
    },
    async showHistory({ params: { application }, query: { before, limit } }) {
      const { items, next } = await repository.applicationEvents({
        application,
        most: limit,
        ...(before !== undefined && { before }),
      })
      if (items.length === 0 && applications.head(application) === undefined) throw unknown(application)
      return ok({ items: items.map(eventView), ...(next !== undefined && { next }) })
    },
    async checkApplication({ params: { application }, signal }) {
      return ok({ items: await asTask(application, signal, (end) => runners.check(application, end)) })
    },
    async preview({ params: { application }, query: { rows }, bytes, signal }) {
      // for one without an id: nothing is kept of it
      const requestId = `preview-${randomUUID()}`
      const request = await options.prepare({ application, input: bytes ?? '', requestId })
      return ok(await asTask(application, signal, (end) => runners.preview(application, request, rows, end)))
    },
    async showKeys({ params: { application } }) {
      served(application)
      const keys = await options.keys(application)
      return {
        status: 200,
        body: keys ?? { keys: [] },
        type: 'application/jwk-set+json',
        // new keys are announced long before old ones go
        headers: { 'Cache-Control': 'public, max-age=300' },
      }
    },
  }
}

function unknown(name: string): BulkheadError {
  return fault('application-unknown', `There is no application "${name}" here`)
}
