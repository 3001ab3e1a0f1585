import { createHash, randomBytes } from 'node:crypto'
import { readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { fault } from '@bulkhead/contract'
import { makePrivateFolder, unusable } from './state-folder.ts'

/**
 * A folder of a local store from which an application's links are served.
 *
 * A link carries its id and never an absolute path: the server serves what lies below folders that
 * the process with the master key has written down, and a runner, which signs with the key of its
 * application, cannot sign its way into any other (I7).
 */
export interface ServedFolder {
  readonly application: string
  readonly id: string
  /** Absolute. */
  readonly folder: string
}

const REGISTRY = 'served'

/**
 * Writes down that links of this application may serve what lies below the folder, before a run begins.
 * The same folder has the same id again; nothing is said about whether it exists yet.
 *
 * @throws BulkheadError `state-folder-unusable`; `config` when the folder would open everything, or the keys
 */
export async function registerServedFolder(
  stateFolder: string,
  application: string,
  folder: string,
): Promise<ServedFolder> {
  const absolute = resolve(folder)
  refuseDangerous(absolute, resolve(stateFolder), application)
  const id = createHash('sha256')
    .update(JSON.stringify([application, absolute]))
    .digest('base64url')
    .slice(0, 16)
  const served: ServedFolder = { application, id, folder: absolute }
  const path = pathOf(stateFolder, application, id)
  if (await isRegistered(stateFolder, served)) return served
  const own = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    await makePrivateFolder(stateFolder)
    await makePrivateFolder(join(stateFolder, REGISTRY))
    await makePrivateFolder(join(stateFolder, REGISTRY, nameOf(application)))
    await writeFile(own, `${JSON.stringify({ version: 1, ...served })}\n`, { flag: 'wx', mode: 0o600 })
    try {
      await rename(own, path)
    } catch (error) {
      await unlink(own)
      throw error
    }
  } catch (error) {
    throw unusable(path, error)
  }
  return served
}

/** The folder that a link names; undefined when it was never registered for this application. */
export async function findServedFolder(
  stateFolder: string,
  application: string,
  id: string,
): Promise<ServedFolder | undefined> {
  if (!/^[\w-]{16}$/.test(id)) return undefined
  const path = pathOf(stateFolder, application, id)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusable(path, error)
  }
  const entry = parsed(text)
  return entry?.application === application && entry.id === id ? entry : undefined
}

/** Path of a file below a folder, with `/`; undefined when it lies elsewhere. */
export function pathBelow(folder: string, path: string): string | undefined {
  const below = relative(folder, path)
  if (below === '' || below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below)) return undefined
  return below.split(sep).join('/')
}

async function isRegistered(stateFolder: string, served: ServedFolder): Promise<boolean> {
  return (await findServedFolder(stateFolder, served.application, served.id))?.folder === served.folder
}

function parsed(text: string): ServedFolder | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { application, id, folder } = value as Record<string, unknown>
  if (typeof application !== 'string' || typeof id !== 'string' || typeof folder !== 'string')
    return undefined
  return isAbsolute(folder) ? { application, id, folder } : undefined
}

/** Where a server has the relative paths of an application start that came without a folder. */
export function ownFolderOf(stateFolder: string, application: string): string {
  return join(stateFolder, 'applications', nameOf(application))
}

/** Nobody means to serve the whole disk, nor the folder with the key of all links. */
function refuseDangerous(folder: string, stateFolder: string, application: string): void {
  if (pathBelow(ownFolderOf(stateFolder, application), folder) !== undefined) return
  const opensState =
    folder === stateFolder ||
    pathBelow(folder, stateFolder) !== undefined ||
    pathBelow(stateFolder, folder) !== undefined
  if (!opensState) return
  throw fault(
    'connection-config-invalid',
    `Links cannot be served from ${folder}, which holds the keys of links`,
    {
      fix: 'Give the store a folder of its own',
    },
  )
}

/** An application's name is checked elsewhere; here it is a name of a folder whatever it is. */
function nameOf(application: string): string {
  return /^[a-z0-9][a-z0-9-]{0,39}$/.test(application)
    ? application
    : `x${createHash('sha256').update(application).digest('hex').slice(0, 32)}`
}

function pathOf(stateFolder: string, application: string, id: string): string {
  return join(stateFolder, REGISTRY, nameOf(application), `${id}.json`)
}
