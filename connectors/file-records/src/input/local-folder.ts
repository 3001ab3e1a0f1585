import { opendir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, posix, resolve, sep } from 'node:path'
import { choicesOfBraces, climbs, MAX_GLOB_CHOICES } from '@bulkhead/connector-sdk'
import { pathsMatching } from '@bulkhead/connector-sdk/local-files'
import { failure, fromSystem, systemCode } from '../errors.ts'
import { nearNames } from './near-names.ts'

/** Most files of one read: their names are held in memory (I8). */
const MAX_FILES = 20_000
/** Most names of a folder that are looked at for a suggestion. */
const MAX_SUGGESTED = 2000

/** A file on this machine. */
export interface LocalFile {
  /** What errors call it: its path below the folder, or its name where another connection brought it. */
  readonly name: string
  /** Path with links resolved. */
  readonly path: string
}

/**
 * The folder of a connection, with its links resolved.
 * @throws `file-records-folder-relative`, `file-records-folder-missing`
 */
export async function openFolder(folder: string, base: string | undefined): Promise<string> {
  if (!isAbsolute(folder) && base === undefined) {
    throw failure(
      'file-records-folder-relative',
      `The folder ${folder} is relative, and nothing says to what`,
      {
        path: 'config.folder',
      },
    )
  }
  const absolute = resolve(base ?? '/', folder)
  try {
    const real = await realpath(absolute)
    if ((await stat(real)).isDirectory()) return real
  } catch (error) {
    if (!isMissing(error)) throw fromSystem(error, `Cannot open the folder ${absolute}`)
  }
  throw failure('file-records-folder-missing', `There is no folder ${absolute}`, { path: 'config.folder' })
}

/**
 * The files that paths mean: those of each path sorted by name (UTF-16 order, the same everywhere), each once.
 * @throws `file-records-not-found` with near names, `file-records-outside-folder`, `file-records-too-many`
 */
export async function findFiles(
  root: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly LocalFile[]> {
  const found = new Map<string, LocalFile>()
  for (const path of paths) {
    for (const name of (await match(root, path, signal)).sort()) {
      if (!found.has(name)) found.set(name, { name, path: await resolveInside(root, name) })
      if (found.size > MAX_FILES) throw tooMany(path)
    }
  }
  return [...found.values()]
}

async function match(root: string, path: string, signal: AbortSignal): Promise<string[]> {
  const choices = choicesOfBraces(path)
  if (choices === undefined) {
    throw failure(
      'file-records-query-invalid',
      `The braces of a path stand for more than ${MAX_GLOB_CHOICES} paths`,
      {
        path: 'query.path',
        fix: 'Give a list of paths, or fewer choices',
      },
    )
  }
  // A choice of braces may make what the path itself was not.
  if ([path, ...choices].some(climbs)) {
    throw failure('file-records-outside-folder', `The path ${JSON.stringify(path)} leads out of the folder`, {
      path: 'query.path',
    })
  }
  const pattern = posix.normalize(path)
  // A name may hold wildcards itself: what is there literally is meant literally.
  if (await isFile(join(root, pattern))) return [pattern]
  const names = new Set<string>()
  for (const choice of choices) {
    for await (const name of namesMatching(root, choice, signal)) {
      if (await isFile(join(root, name))) names.add(name)
      if (names.size > MAX_FILES) throw tooMany(path)
    }
  }
  if (names.size === 0) throw await notFound(root, pattern)
  return [...names]
}

async function* namesMatching(root: string, pattern: string, signal: AbortSignal): AsyncGenerator<string> {
  try {
    yield* pathsMatching(root, pattern, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw fromSystem(error, `Cannot look into ${(error as NodeJS.ErrnoException).path ?? root}`)
  }
}

async function resolveInside(root: string, name: string): Promise<string> {
  const real = await realpath(join(root, name)).catch((error: unknown) => {
    throw fromSystem(error, `Cannot look at ${name}`)
  })
  if (!isInside(root, real)) {
    throw failure('file-records-outside-folder', `${name} is a link that leads out of the folder`, {
      path: 'query.path',
    })
  }
  return real
}

function isInside(root: string, path: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : root + sep)
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (isMissing(error)) return false
    throw fromSystem(error, `Cannot look at ${path}`)
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(systemCode(error))
}

function tooMany(path: string): Error {
  return failure('file-records-too-many', `${path} matches more than ${MAX_FILES} files`, {
    path: 'query.path',
  })
}

async function notFound(root: string, pattern: string): Promise<Error> {
  const folder = dirname(pattern)
  const near = nearNames(basename(pattern), await namesIn(root, folder))
  const suggestions = near.map((name) => (folder === '.' ? name : `${folder}/${name}`))
  return failure('file-records-not-found', `No file of the folder is ${pattern}`, {
    path: 'query.path',
    fix:
      suggestions.length > 0
        ? `Did you mean ${suggestions.join(', ')}?`
        : 'Correct the path; it is relative to the folder of the connection',
  })
}

async function namesIn(root: string, folder: string): Promise<string[]> {
  const names: string[] = []
  try {
    const path = await realpath(join(root, folder))
    if (path !== root && !isInside(root, path)) return []
    for await (const entry of await opendir(path)) {
      if (!entry.name.startsWith('.')) names.push(entry.name)
      if (names.length === MAX_SUGGESTED) break
    }
  } catch {
    // Only suggestions are lost.
  }
  return names
}
