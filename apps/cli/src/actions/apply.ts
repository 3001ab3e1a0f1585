import { resolve } from 'node:path'
import {
  type Bundle,
  changeAppliedSchema,
  changePlanSchema,
  detailsOf,
  errorOf,
  fault,
  revisionChangedSchema,
} from '@bulkhead/contract'
import { makeBundle } from '@bulkhead/engine/application/bundle'
import type { ChangePlan } from '@bulkhead/engine/application/change-plan'
import { readApplications } from '@bulkhead/engine/application/read-applications'
import { serverClient, type ServerOptions } from '../server/server-client.ts'
import type { Answer } from '../terminal/answer.ts'
import { printable } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface Source extends ServerOptions {
  readonly environment?: string | undefined
}

export interface ApplyOptions extends Source {
  readonly planHash?: string
  readonly application?: string
  readonly revision?: number
}

/** Brings a server what a folder holds; or a revision that it has, once more. */
export async function apply(
  folder: string | undefined,
  options: ApplyOptions,
  terminal: Terminal,
): Promise<Answer> {
  const { application, revision, planHash } = options
  const isBack = application !== undefined && revision !== undefined
  const isMixed = folder !== undefined && (application !== undefined || revision !== undefined)
  if (isMixed || (folder === undefined && !isBack))
    throw fault('usage', 'Give a folder, or --application and --revision')
  const client = await serverClient(options, terminal)
  if (folder === undefined) {
    const path = `/applications/${encodeURIComponent(application ?? '')}/revisions/${revision}/current`
    return changedAnswer([await client.call('POST', path, revisionChangedSchema)])
  }
  const bundles = await bundlesOf(resolve(terminal.folder, folder), options, terminal)
  const body = { bundles, ...(planHash !== undefined && { planHash }) }
  return changedAnswer((await client.call('POST', '/changes', changeAppliedSchema, { body })).items)
}

/** What applying the folder would do on a server, as that server says. */
export async function planOnServer(folder: string, options: Source, terminal: Terminal): Promise<ChangePlan> {
  const client = await serverClient(options, terminal)
  const bundles = await bundlesOf(folder, options, terminal)
  return await client.call('POST', '/changes/plan', changePlanSchema, { body: { bundles } })
}

/** @throws BulkheadError when one of them cannot be read: a part of a change is no change */
async function bundlesOf(
  folder: string,
  { environment }: Source,
  terminal: Terminal,
): Promise<readonly Bundle[]> {
  const found = await readApplications(folder, { environment, variables: terminal.environment })
  const faults = found.setAside.flatMap(({ error }) => detailsOf(error))
  if (faults.length > 0) throw errorOf(faults)
  if (found.applications.length === 0)
    throw fault('application-not-found', 'There is no application in the folder')
  return await Promise.all(found.applications.map((application) => makeBundle(application)))
}

function changedAnswer(
  items: readonly {
    readonly application: string
    readonly is: string
    readonly number: number
    readonly revision: string
  }[],
): Answer {
  return {
    value: { items },
    text: (style) =>
      items
        .map(
          ({ application, is, number, revision }) =>
            `${style.bold(printable(application))}  ${is === 'applied' ? 'is at' : 'stays at'} revision ${number}  ${style.dim(revision.slice(0, 12))}`,
        )
        .join('\n'),
  }
}
