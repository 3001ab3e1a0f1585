import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runsCode } from '@bulkhead/contract'
import type { Application, ApplicationFile } from './application.ts'
import { readApplicationFile } from './application-files.ts'
import { lockFileName } from './lock.ts'

/** Folders that decide nothing about a run. */
const without = new Set(['node_modules', 'tests', 'environments', 'dist'])
const mostFiles = 2000

/** All code beside what the jobs of an application run, which may import it. */
export async function codeFiles(application: Application): Promise<ApplicationFile[]> {
  const paths = hasCode(application) ? await codePaths(application.folder, '') : []
  return Promise.all(
    paths
      .filter((path) => !application.files.has(path))
      .map((path) => readApplicationFile(application.folder, path)),
  )
}

/** Paths of all files that a bundle of the application is made of, and of those that would be, were they there. */
export async function bundledPaths(application: Application): Promise<readonly string[]> {
  const { environment, files, folder } = application
  const overlay = environment === undefined ? [] : [`environments/${environment}.yaml`]
  const code = hasCode(application) ? await codePaths(folder, '') : []
  return [...new Set(['application.yaml', lockFileName, ...overlay, ...files.keys(), ...code])].toSorted()
}

function hasCode({ manifest }: Application): boolean {
  return Object.values(manifest.spec.jobs).some(runsCode)
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
