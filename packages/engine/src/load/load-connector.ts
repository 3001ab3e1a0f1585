import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  type BulkheadError,
  type ConnectorDefinition,
  isBulkheadError,
  SDK_VERSION,
} from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { ConnectorEntry } from '../catalog/catalog.ts'

/** A package that loads at all does so in well under a second, also from a cold disk. */
const defaultDeadlineMs = 15_000

/**
 * Imports a connector and holds it against its `connector.json`. Only runners do this: what the
 * platform decides, it decides by that file alone.
 *
 * A connector that is broken, hangs or is not what its file says fails the runs that use it, and
 * nothing else (I7). One that blocks the thread while it loads cannot be stopped from here.
 *
 * @throws BulkheadError `connector-broken`, `connector-incompatible`
 */
export async function loadConnector(
  entry: ConnectorEntry,
  options: { readonly deadlineMs?: number } = {},
): Promise<ConnectorDefinition<unknown>> {
  const known = loaded.get(entry)
  if (known !== undefined) return known
  const definition = await load(entry, options)
  loaded.set(entry, definition)
  return definition
}

/** What Node keeps anyway; a failure is not kept. */
const loaded = new WeakMap<ConnectorEntry, ConnectorDefinition<unknown>>()

async function load(
  entry: ConnectorEntry,
  options: { readonly deadlineMs?: number },
): Promise<ConnectorDefinition<unknown>> {
  const module = await importPackage(entry, options.deadlineMs ?? defaultDeadlineMs)
  const definition = (module as { readonly default?: unknown }).default
  if (typeof definition !== 'object' || definition === null)
    throw broken(entry, 'its default export is not what defineConnector returns')
  const candidate = definition as Partial<ConnectorDefinition<unknown>>
  const { sdk }: { readonly sdk?: unknown } = candidate
  if (sdk !== SDK_VERSION)
    throw fault(
      'connector-incompatible',
      `Connector "${entry.name}" ${entry.version} was made for version ${String(sdk).slice(0, 20)} of the connector contract, and this is version ${SDK_VERSION}`,
    )
  if (candidate.name !== entry.manifest.name)
    throw broken(entry, `its code says that its name is "${String(candidate.name).slice(0, 60)}"`)
  for (const role of ['source', 'store'] as const) {
    const declared = entry.manifest[role] !== undefined
    const present = typeof candidate[role]?.open === 'function'
    if (declared !== present)
      throw broken(
        entry,
        `connector.json ${declared ? 'has' : 'lacks'} the role ${role}, and its code does not agree`,
      )
  }
  if (typeof candidate.config?.safeParse !== 'function')
    throw broken(entry, 'it has no schema of its settings')
  return candidate as ConnectorDefinition<unknown>
}

async function importPackage(entry: ConnectorEntry, deadlineMs: number): Promise<object> {
  const url = await moduleUrl(entry)
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(broken(entry, `it was not loaded after ${deadlineMs / 1000} s`)),
    deadlineMs,
  )
  try {
    return await Promise.race([import(url) as Promise<object>, late])
  } catch (error) {
    if (isBulkheadError(error)) throw error
    throw broken(entry, reasonOf(error), error)
  } finally {
    clearTimeout(timer)
  }
}

/** By the package's own name, as anyone who depends on it would import it. */
async function moduleUrl(entry: ConnectorEntry): Promise<string> {
  const packageFile = join(entry.folder, 'package.json')
  try {
    const { name } = JSON.parse(await readFile(packageFile, 'utf8')) as { readonly name?: unknown }
    return pathToFileURL(createRequire(packageFile).resolve(String(name))).href
  } catch (error) {
    throw broken(entry, reasonOf(error), error)
  }
}

/** The first line of what went wrong: the rest holds paths and stacks. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0]?.slice(0, 300) ?? ''
}

function broken(entry: ConnectorEntry, reason: string, cause?: unknown): BulkheadError {
  return fault('connector-broken', `Connector "${entry.name}" ${entry.version} cannot be loaded: ${reason}`, {
    cause,
  })
}
