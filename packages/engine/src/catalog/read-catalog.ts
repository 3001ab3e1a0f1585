import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SDK_VERSION, type ConnectorManifest, z } from '@bulkhead/connector-sdk'
import { catalogOf, type BrokenConnector } from './catalog-of.ts'
import type { Catalog, ConnectorEntry } from './catalog.ts'
import { packageIntegrity } from './integrity.ts'
import { parseVersion } from './version.ts'

/**
 * Finds the connectors that are installed, by their `connector.json` alone: none is loaded. A folder
 * that looks like one and is broken is set aside with its reason, and fails nothing else (I7).
 *
 * @param roots  folders whose sub-folders are packages, such as `connectors/` or `node_modules/@bulkhead`;
 *               one that is not there is empty; the first counts, where two have the same name and version
 */
export async function readCatalog(roots: readonly string[]): Promise<Catalog> {
  const found = await Promise.all(
    roots.map(async (root) => {
      const names = await readdir(root).catch((): string[] => [])
      return names.toSorted().map((name) => readPackage(join(resolve(root), name)))
    }),
  )
  const packages = found.flat().filter((read) => read !== undefined)
  return catalogOf(
    packages.filter((read) => 'manifest' in read),
    packages.filter((read) => 'reason' in read),
  )
}

/** Most bytes of a file that describes a connector. */
const mostBytes = 1024 * 1024

const sourceSchema = z.looseObject({
  forms: z.array(z.enum(['bytes', 'columns', 'rows'])).min(1),
  encodes: z.record(z.string(), z.looseObject({ options: z.array(z.string()) })),
  snapshot: z.union([z.boolean(), z.enum(['sql', 'object'])]),
  replayable: z.boolean(),
})
const storeSchema = z.looseObject({ parallelParts: z.boolean(), links: z.enum(['own', 'platform']) })
const manifestSchema = z.object({
  name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'is no name of a connector'),
  version: z.string(),
  sdk: z.int(),
  summary: z.string().max(500),
  config: z.record(z.string(), z.unknown()),
  query: z.record(z.string(), z.unknown()),
  source: sourceSchema.optional(),
  store: storeSchema.optional(),
  errors: z.array(
    z.object({
      code: z.string(),
      kind: z.string(),
      meaning: z.string(),
      fix: z.string(),
      ofConnection: z.boolean().optional(),
    }),
  ),
})

/** @returns undefined for a folder that is no connector */
function readPackage(folder: string): ConnectorEntry | BrokenConnector | undefined {
  let text: string
  try {
    text = readText(join(folder, 'connector.json'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? undefined
      : aside(folder, 'connector.json cannot be read')
  }
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return aside(folder, 'connector.json is not JSON')
  }
  const parsed = manifestSchema.safeParse(raw)
  const named = (raw as { readonly name?: unknown } | null)?.name
  const name = typeof named === 'string' ? named : undefined
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return aside(
      folder,
      `connector.json: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is invalid'}`,
      name,
    )
  }
  const { sdk, version: versionText } = parsed.data
  if (sdk !== SDK_VERSION)
    return {
      ...aside(
        folder,
        `it was made for version ${sdk} of the connector contract, and this is version ${SDK_VERSION}`,
        name,
      ),
      isIncompatible: true,
    }
  if (parseVersion(versionText) === undefined) return aside(folder, 'connector.json has no version', name)
  if (packageVersion(folder) !== versionText)
    return aside(folder, 'package.json and connector.json do not have the same version', name)
  if (parsed.data.source === undefined && parsed.data.store === undefined)
    return aside(folder, 'connector.json has neither source nor store', name)
  return entryOf(folder, parsed.data as unknown as ConnectorManifest)
}

/**
 * Of a plain file: a pipe would be waited for, and a folder of packages may hold anything. Read at once, as Node
 * reads modules: each run reads two small files of every connector, and waiting takes longer than reading.
 */
function readText(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(file)
    if (!stats.isFile() || stats.size > mostBytes) throw new Error(`${path} is no plain file of a usual size`)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

function entryOf(folder: string, manifest: ConnectorManifest): ConnectorEntry {
  let integrity: string | undefined
  return {
    name: manifest.name,
    version: manifest.version,
    folder,
    manifest,
    integrity: () => (integrity ??= packageIntegrity(folder)),
  }
}

function packageVersion(folder: string): string | undefined {
  try {
    const { version } = JSON.parse(readText(join(folder, 'package.json'))) as {
      version?: unknown
    }
    return typeof version === 'string' ? version : undefined
  } catch {
    return undefined
  }
}

function aside(folder: string, reason: string, name?: string): BrokenConnector {
  return { folder, name, reason, isIncompatible: false }
}
