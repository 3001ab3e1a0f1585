import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Catalog } from '../catalog/catalog.ts'
import type { Application, ApplicationFile } from './application.ts'
import { readApplicationFile } from './application-files.ts'
import { lockOf } from './lock.ts'

/** Folders that decide nothing about a run. */
const without = new Set(['node_modules', 'tests', 'environments', 'dist'])
const mostFiles = 2000

/**
 * One SHA-256 over all that decides what an application does: the manifest as it is in this
 * environment, the files that it names, all code beside its maps (they may import it), and the exact
 * connectors. Two applications never share an input, so a change of one moves no digest of another (D5).
 */
export async function applicationDigest(application: Application, catalog: Catalog): Promise<string> {
  const files = [...application.files.values(), ...(await codeFiles(application))]
  const hashes = Object.fromEntries(files.map(({ path, sha256 }) => [path, sha256]))
  return createHash('sha256')
    .update(
      canonicalJson({
        manifest: application.manifest,
        files: hashes,
        connectors: lockOf(application, catalog).connectors,
        platform: application.platform,
      }),
    )
    .digest('hex')
}

/** JSON with its keys in order: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  )
}

/** All code beside the maps of an application, which may import it. */
export async function codeFiles(application: Application): Promise<ApplicationFile[]> {
  const hasCode = Object.values(application.manifest.spec.jobs).some((job) =>
    job.process.some((step) => 'map' in step),
  )
  if (!hasCode) return []
  const paths = await codePaths(application.folder, '')
  return Promise.all(
    paths
      .filter((path) => !application.files.has(path))
      .map((path) => readApplicationFile(application.folder, path)),
  )
}

async function codePaths(folder: string, below: string): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true })
  const found: string[] = []
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || found.length > mostFiles) continue
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory() && !without.has(entry.name)) found.push(...(await codePaths(folder, path)))
    else if (entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name)) found.push(path)
  }
  return found
}
