import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import {
  type Bundle,
  type BundleFile,
  bundleFileSchema,
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
  readonly remove?: readonly string[]
  readonly application?: string
  readonly revision?: number
}

/** Brings a server what a folder or a bundle holds, and takes others away; or a revision that it has, once more. */
export async function apply(
  source: string | undefined,
  options: ApplyOptions,
  terminal: Terminal,
): Promise<Answer> {
  const { application, revision, planHash, remove } = options
  const isBack = application !== undefined && revision !== undefined
  const isChange = source !== undefined || remove !== undefined
  const isMixed = isChange && (application !== undefined || revision !== undefined)
  if (isMixed || (!isChange && !isBack))
    throw fault('usage', 'Give a folder or a bundle, --remove, or --application and --revision')
  const client = await serverClient(options, terminal)
  if (!isChange) {
    const path = `/applications/${encodeURIComponent(application ?? '')}/revisions/${revision}/current`
    return changedAnswer([await client.call('POST', path, revisionChangedSchema)])
  }
  const bundles =
    source === undefined ? [] : await bundlesOf(resolve(terminal.folder, source), options, terminal)
  const body = { bundles, remove, ...(planHash !== undefined && { planHash }) }
  return changedAnswer((await client.call('POST', '/changes', changeAppliedSchema, { body })).items)
}

/** What applying would do on a server, as that server says. @param source  absolute; undefined: only what is removed */
export async function planOnServer(
  source: string | undefined,
  options: Source & Pick<ApplyOptions, 'remove'>,
  terminal: Terminal,
): Promise<ChangePlan> {
  const client = await serverClient(options, terminal)
  const bundles = source === undefined ? [] : await bundlesOf(source, options, terminal)
  const body = { bundles, remove: options.remove }
  return await client.call('POST', '/changes/plan', changePlanSchema, { body })
}

/** Writes the applications of a folder as one file, which `apply` takes wherever they shall be. */
export async function writeBundles(
  folder: string,
  options: { readonly environment?: string; readonly out: string },
  terminal: Terminal,
): Promise<Answer> {
  const bundles = await bundlesOf(resolve(terminal.folder, folder), options, terminal)
  const file: BundleFile = { kind: 'Bundles', version: 1, bundles: [...bundles] }
  const out = resolve(terminal.folder, options.out)
  try {
    await writeFile(`${out}.part`, `${JSON.stringify(file)}\n`)
    await rename(`${out}.part`, out)
  } catch (cause) {
    const { code = 'unknown fault' } = cause as NodeJS.ErrnoException
    throw fault('usage', `The file ${basename(out)} cannot be written (${code})`, { path: 'out', cause })
  }
  const items = bundles.map(({ application, digest }) => ({ application, revision: digest }))
  return {
    value: { items },
    text: (style) =>
      items
        .map(
          ({ application, revision }) =>
            `${style.bold(printable(application))}  ${style.dim(revision.slice(0, 12))}`,
        )
        .join('\n'),
  }
}

/** @throws BulkheadError when one of them cannot be read: a part of a change is no change */
async function bundlesOf(
  folder: string,
  { environment }: Pick<Source, 'environment'>,
  terminal: Terminal,
): Promise<readonly Bundle[]> {
  const is = await stat(folder).catch(() => undefined)
  if (is?.isFile() === true) return await readBundles(folder, environment)
  const found = await readApplications(folder, { environment, variables: terminal.environment })
  const faults = found.setAside.flatMap(({ error }) => detailsOf(error))
  if (faults.length > 0) throw errorOf(faults)
  if (found.applications.length === 0)
    throw fault('application-not-found', 'There is no application in the folder')
  return await Promise.all(found.applications.map((application) => makeBundle(application)))
}

async function readBundles(path: string, environment: string | undefined): Promise<readonly Bundle[]> {
  if (environment !== undefined)
    throw fault('usage', 'A bundle has its overlay already', {
      fix: 'Leave --environment out',
      path: 'environment',
    })
  try {
    return bundleFileSchema.parse(JSON.parse(await readFile(path, 'utf8'))).bundles
  } catch (cause) {
    throw fault('usage', `${basename(path)} is neither a folder nor what \`bulkhead bundle\` wrote`, {
      cause,
    })
  }
}

const said: Readonly<Record<string, string>> = { applied: 'is at', removed: 'is removed, was at' }

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
            `${style.bold(printable(application))}  ${said[is] ?? 'stays at'} revision ${number}  ${style.dim(revision.slice(0, 12))}`,
        )
        .join('\n'),
  }
}
