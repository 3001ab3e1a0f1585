import { dirname, join, parse } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Catalog } from '@bulkhead/engine'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'

/**
 * The connectors that this installation can find: those beside it, and those of every `node_modules`
 * around it. None is loaded.
 */
export function installedCatalog(): Promise<Catalog> {
  return readCatalog(connectorRoots())
}

/** Folders in which connectors may lie, nearest first. */
export function connectorRoots(folder = dirname(fileURLToPath(import.meta.url))): readonly string[] {
  const { root } = parse(folder)
  const roots: string[] = []
  for (let at = folder; ; at = dirname(at)) {
    roots.push(join(at, 'node_modules', '@bulkhead'))
    if (at === root) return roots
  }
}
