import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { Application } from './application.ts'
import { readApplication, type ReadOptions } from './read-application.ts'

/** One that cannot be used, alone: it keeps no other from being read (I7). */
export interface SetAside {
  readonly folder: string
  /** Undefined when not even the name can be read. */
  readonly name: string | undefined
  readonly error: BulkheadError
}

export interface FoundApplications {
  /** By their names. */
  readonly applications: readonly Application[]
  readonly setAside: readonly SetAside[]
}

/**
 * Reads all applications below a folder, or the one that the folder is itself. An overlay is used by those that have it.
 * @throws BulkheadError `application-not-found` when the folder is not there
 */
export async function readApplications(folder: string, options: ReadOptions): Promise<FoundApplications> {
  const found = new Map<string, Application>()
  const setAside: SetAside[] = []
  for (const own of await applicationFolders(folder)) {
    const read = await readOne(own, options)
    if ('error' in read) setAside.push(read)
    else {
      const other = found.get(read.name)
      if (other === undefined) found.set(read.name, read)
      else setAside.push({ folder: own, name: read.name, error: nameTaken(read.name, other.folder) })
    }
  }
  const applications = [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return { applications, setAside }
}

/** Folders of applications, in the order of their names: the sub-folders of the folder, or itself. */
export async function applicationFolders(folder: string): Promise<readonly string[]> {
  const root = resolve(folder)
  const entries = await readdir(root, { withFileTypes: true }).catch((cause: unknown) => {
    throw fault('application-not-found', `There is no folder ${root}`, {
      cause,
      fix: 'Name the folder of your applications',
    })
  })
  if (entries.some(({ name }) => name === 'application.yaml')) return [root]
  const folders = entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
    .map(({ name }) => join(root, name))
  const own = await Promise.all(
    folders.toSorted().map(async (one) => {
      const names = await readdir(one).catch((): string[] => [])
      return names.includes('application.yaml') ? [one] : []
    }),
  )
  return own.flat()
}

/** The overlay of that name, for an application that has it. */
export async function overlayOf(
  folder: string,
  environment: string | undefined,
): Promise<string | undefined> {
  const overlays = await readdir(join(folder, 'environments')).catch((): string[] => [])
  return environment !== undefined && overlays.includes(`${environment}.yaml`) ? environment : undefined
}

export function nameTaken(name: string, folder: string): BulkheadError {
  return fault('manifest-invalid', `Another application has the name "${name}": ${basename(folder)}`, {
    path: 'metadata.name',
    fix: 'Give each application a name of its own',
  })
}

async function readOne(folder: string, options: ReadOptions): Promise<Application | SetAside> {
  try {
    const environment = await overlayOf(folder, options.environment)
    return await readApplication(folder, { ...options, environment })
  } catch (error) {
    if (!isBulkheadError(error)) throw error
    return { folder, name: undefined, error }
  }
}
