import { homedir } from 'node:os'
import { dirname, extname, isAbsolute, join, parse, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Catalog } from '@bulkhead/engine'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'

/**
 * The connectors that this installation can find: those beside it, those of every `node_modules`
 * around it, and those that were installed into the folder of connectors. None is loaded.
 */
export function installedCatalog(): Promise<Catalog> {
  return readCatalog(connectorRoots())
}

/** The file that processes of a server run: beside the sources, or beside the bundle that they were made to. */
export function runnerEntry(): string {
  const index = import.meta.resolve('@bulkhead/runner')
  return fileURLToPath(new URL(`./connected/main${extname(index)}`, index))
}

/** Folders in which connectors may lie: what came with this command, nearest first, then what was added. */
export function connectorRoots(folder = dirname(fileURLToPath(import.meta.url))): readonly string[] {
  const { root } = parse(folder)
  const roots: string[] = []
  for (let at = folder; ; at = dirname(at)) {
    roots.push(join(at, 'node_modules', '@bulkhead'))
    if (at === root) return [...roots, connectorsFolder(process.env)]
  }
}

/**
 * Where `bulkhead connectors install` puts connectors, each version in a folder of its own: the variable
 * BULKHEAD_CONNECTORS, else a folder of this user's data.
 * @see XDG Base Directory Specification: a relative `XDG_DATA_HOME` is invalid and ignored
 */
export function connectorsFolder(environment: Environment): string {
  return dataFolder(environment, 'BULKHEAD_CONNECTORS', 'connectors')
}

/** Where engines lie, each in a folder that is named after it: the variable BULKHEAD_ENGINES, else a folder of this user's data. */
export function enginesFolder(environment: Environment): string {
  return dataFolder(environment, 'BULKHEAD_ENGINES', 'engines')
}

type Environment = Readonly<Record<string, string | undefined>>

function dataFolder(environment: Environment, variable: string, name: string): string {
  const own = environment[variable] ?? ''
  if (own !== '') return resolve(own)
  const base = environment['XDG_DATA_HOME'] ?? ''
  return join(isAbsolute(base) ? base : join(homedir(), '.local', 'share'), 'bulkhead', name)
}
