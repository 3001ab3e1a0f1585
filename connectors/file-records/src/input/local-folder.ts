import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, posix, resolve } from 'node:path'
import { MAX_GLOB_CHOICES } from '@bulkhead/connector-sdk'
import { findFiles as search, resolveInside } from '@bulkhead/connector-sdk/local-files'
import { failure, fromSystem, systemCode } from '../errors.ts'

/** Most files of one read: their names are held in memory (I8). */
const MAX_FILES = 20_000

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
    if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(systemCode(error)))
      throw fromSystem(error, `Cannot open the folder ${absolute}`)
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
    for (const name of await match(root, path, signal)) {
      if (!found.has(name)) found.set(name, { name, path: await inside(root, name) })
      if (found.size > MAX_FILES) throw tooMany(path)
    }
  }
  return [...found.values()]
}

async function match(root: string, path: string, signal: AbortSignal): Promise<readonly string[]> {
  const found = await search(root, path, { most: MAX_FILES, signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw fromSystem(error, `Cannot look into ${(error as NodeJS.ErrnoException).path ?? root}`)
  })
  if ('names' in found) return found.names
  switch (found.problem) {
    case 'outside':
      throw failure(
        'file-records-outside-folder',
        `The path ${JSON.stringify(path)} leads out of the folder`,
        { path: 'query.path' },
      )
    case 'too-many-choices':
      throw failure(
        'file-records-query-invalid',
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

async function inside(root: string, name: string): Promise<string> {
  const real = await resolveInside(root, name).catch((error: unknown) => {
    throw fromSystem(error, `Cannot look at ${name}`)
  })
  if (real !== undefined) return real
  throw failure('file-records-outside-folder', `${name} is a link that leads out of the folder`, {
    path: 'query.path',
  })
}

function tooMany(path: string): Error {
  return failure('file-records-too-many', `${path} matches more than ${MAX_FILES} files`, {
    path: 'query.path',
  })
}

function notFound(pattern: string, near: readonly string[]): Error {
  return failure('file-records-not-found', `No file of the folder is ${pattern}`, {
    path: 'query.path',
    fix:
      near.length > 0
        ? `Did you mean ${near.join(', ')}?`
        : 'Correct the path; it is relative to the folder of the connection',
  })
}
