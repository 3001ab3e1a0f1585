import { lstat } from 'node:fs/promises'
import { posix } from 'node:path'
import { MAX_GLOB_CHOICES } from '@bulkhead/connector-sdk'
import { findFiles as search, resolveInside } from '@bulkhead/connector-sdk/local-files'
import { failure, fromSystem, systemCode } from './errors.ts'

/** Most files of one read: their names are held in memory (I8). */
const MAX_FILES = 20_000

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
    for (const name of await match(root, path, signal)) {
      signal.throwIfAborted()
      if (!found.has(name)) found.set(name, await inspect(root, name))
      if (found.size > MAX_FILES) throw tooMany(path)
    }
  }
  return [...found.values()]
}

async function match(root: string, path: string, signal: AbortSignal): Promise<readonly string[]> {
  const found = await search(root, path, { most: MAX_FILES, signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw fromSystem(error, `Cannot look into ${(error as NodeJS.ErrnoException).path ?? root}`, 'read')
  })
  if ('names' in found) return found.names
  switch (found.problem) {
    case 'outside':
      throw failure('files-outside-folder', `The path ${JSON.stringify(path)} leads out of the folder`, {
        path: 'query.path',
      })
    case 'too-many-choices':
      throw failure(
        'files-query-invalid',
        `The braces of a path stand for more than ${MAX_GLOB_CHOICES} paths`,
        { path: 'query.path', fix: 'Give a list of paths, or fewer choices' },
      )
    case 'too-many-files':
      throw tooMany(path)
    case 'not-found':
      throw notFound(posix.normalize(path), found.near)
    default:
      return found satisfies never
  }
}

async function inspect(root: string, name: string): Promise<FoundFile> {
  try {
    const path = await resolveInside(root, name)
    if (path === undefined) {
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

function tooMany(path: string): Error {
  return failure('files-too-many', `${path} matches more than ${MAX_FILES} files`, { path: 'query.path' })
}

function notFound(pattern: string, near: readonly string[]): Error {
  const message = /[*?[\]{}]/.test(pattern)
    ? `No file matches ${pattern} in the folder`
    : `There is no file ${pattern} in the folder`
  return failure('files-not-found', message, {
    path: 'query.path',
    fix:
      near.length > 0
        ? `Did you mean ${near.join(', ')}?`
        : 'Correct the path; it is relative to the folder of the connection',
  })
}
