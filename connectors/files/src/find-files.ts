import { lstat, opendir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, posix } from 'node:path'
import { choicesOfBraces, climbs, MAX_GLOB_CHOICES } from '@bulkhead/connector-sdk'
import { pathsMatching } from '@bulkhead/connector-sdk/local-files'
import { failure, fromSystem, systemCode } from './errors.ts'
import { isInside } from './folder.ts'
import { nearNames } from './near-names.ts'

/** Most files of one read: their names are held in memory (I8). */
const MAX_FILES = 20_000
/** Most names of a folder that are looked at for a suggestion. */
const MAX_SUGGESTED = 2000

/** A file as it was when the read was prepared; a read that finds it otherwise fails. */
export interface FoundFile {
  /** Path below the folder, with `/`. */
  readonly name: string
  /** Path with links resolved. */
  readonly path: string
  readonly identity: FileIdentity
}

export interface FileIdentity {
  readonly device: bigint
  readonly inode: bigint
  readonly size: bigint
  readonly modifiedNs: bigint
  readonly changedNs: bigint
}

/**
 * Finds the files of a query: those of each path sorted by name (UTF-16 order, the same everywhere),
 * each file once.
 * @throws `files-not-found` with near names, `files-outside-folder`, `files-too-many`
 */
export async function findFiles(
  root: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly FoundFile[]> {
  const found = new Map<string, FoundFile>()
  for (const path of paths) {
    for (const name of (await match(root, path, signal)).sort()) {
      signal.throwIfAborted()
      if (!found.has(name)) found.set(name, await inspect(root, name))
      if (found.size > MAX_FILES) throw tooMany(path)
    }
  }
  return [...found.values()]
}

async function match(root: string, path: string, signal: AbortSignal): Promise<string[]> {
  const pattern = posix.normalize(path)
  if (climbs(path)) throw outside(path)
  // A name may hold wildcards itself: what is there literally is meant literally.
  if (await isFile(join(root, pattern))) return [pattern]
  if (!/[*?[\]{}]/.test(pattern)) throw await notFound(root, pattern)
  const names = new Set<string>()
  for (const choice of choicesOf(pattern)) {
    // A choice of braces may make what the path itself was not.
    if (climbs(choice)) throw outside(path)
    for await (const name of namesMatching(root, choice, signal)) {
      if (await isFile(join(root, name))) names.add(name)
      if (names.size > MAX_FILES) throw tooMany(path)
    }
  }
  if (names.size === 0) throw await notFound(root, pattern)
  return [...names]
}

function choicesOf(pattern: string): readonly string[] {
  const choices = choicesOfBraces(pattern)
  if (choices !== undefined) return choices
  throw failure('files-query-invalid', `The braces of a path stand for more than ${MAX_GLOB_CHOICES} paths`, {
    path: 'query.path',
    fix: 'Give a list of paths, or fewer choices',
  })
}

async function* namesMatching(root: string, pattern: string, signal: AbortSignal): AsyncGenerator<string> {
  try {
    yield* pathsMatching(root, pattern, signal)
  } catch (error) {
    signal.throwIfAborted()
    const { path = root } = error as NodeJS.ErrnoException
    throw fromSystem(error, `Cannot look into ${path}`, 'read')
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(systemCode(error))) return false
    throw fromSystem(error, `Cannot look at ${path}`, 'read')
  }
}

async function inspect(root: string, name: string): Promise<FoundFile> {
  try {
    const path = await realpath(join(root, name))
    if (!isInside(root, path)) {
      throw failure('files-outside-folder', `${name} is a link that leads out of the folder`, {
        path: 'query.path',
      })
    }
    return { name, path, identity: identityOf(await lstat(path, { bigint: true })) }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw failure('files-changed', `${name} was removed meanwhile`)
    throw fromSystem(error, `Cannot look at ${name}`, 'read')
  }
}

interface BigStats {
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
}

export function identityOf(stats: BigStats): FileIdentity {
  return {
    device: stats.dev,
    inode: stats.ino,
    size: stats.size,
    modifiedNs: stats.mtimeNs,
    changedNs: stats.ctimeNs,
  }
}

function outside(path: string): Error {
  return failure('files-outside-folder', `The path ${JSON.stringify(path)} leads out of the folder`, {
    path: 'query.path',
  })
}

function tooMany(path: string): Error {
  return failure('files-too-many', `${path} matches more than ${MAX_FILES} files`, { path: 'query.path' })
}

async function notFound(root: string, pattern: string): Promise<Error> {
  const folder = dirname(pattern)
  const near = nearNames(basename(pattern), await namesIn(root, folder))
  const suggestions = near.map((name) => (folder === '.' ? name : `${folder}/${name}`))
  const message = /[*?[\]{}]/.test(pattern)
    ? `No file matches ${pattern} in the folder`
    : `There is no file ${pattern} in the folder`
  return failure('files-not-found', message, {
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
