import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, posix, resolve, sep } from 'node:path'
import { choicesOfBraces, climbs, MAX_GLOB_CHOICES, type ConnectionContext } from '@bulkhead/connector-sdk'
import { pathsMatching } from '@bulkhead/connector-sdk/local-files'
import type { Config } from '../config.ts'
import { failure } from '../errors.ts'

/** Most files of one table: DuckDB keeps them all open to find out their columns. */
const MAX_FILES = 10_000

/**
 * The folder of the connection, with its links resolved.
 * @throws `duckdb-folder-relative`, `duckdb-folder-missing`
 */
export async function openFolder(context: ConnectionContext<Config>): Promise<string> {
  const { folder } = context.config
  if (!isAbsolute(folder) && context.baseFolder === undefined) {
    throw failure('duckdb-folder-relative', `The folder ${folder} is relative, and nothing says to what`, {
      path: 'config.folder',
    })
  }
  const absolute = resolve(context.baseFolder ?? '/', folder)
  try {
    const real = await realpath(absolute)
    if ((await stat(real)).isDirectory()) return real
  } catch (error) {
    if (!isMissing(error)) throw unreadable(absolute)
  }
  throw failure('duckdb-folder-missing', `There is no folder ${absolute}`, { path: 'config.folder' })
}

/**
 * Paths of the files that a pattern means, links resolved, sorted.
 * @param table  name of the table in the settings, for errors
 * @throws `duckdb-file-missing`, `duckdb-file-outside`, `duckdb-file-unreadable`, `duckdb-file-invalid` for too many
 */
export async function findLocalFiles(
  root: string,
  pattern: string,
  table: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const path = `config.files.${table}.path`
  const choices = choicesOfBraces(pattern)
  if (choices === undefined) {
    const most = `${MAX_GLOB_CHOICES} paths`
    throw failure('duckdb-file-invalid', `The braces of the path of ${table} stand for more than ${most}`, {
      path,
      fix: 'Write fewer choices, or a wildcard',
    })
  }
  // A choice of braces may make what the path itself was not.
  if ([pattern, ...choices].some(climbs)) {
    throw failure('duckdb-file-outside', `The path of ${table} leads out of the folder`, { path })
  }
  const names = await match(root, posix.normalize(pattern), choices, signal)
  if (names.length === 0) {
    throw failure('duckdb-file-missing', `No file of the folder is ${pattern}, which ${table} needs`, {
      path,
    })
  }
  if (names.length > MAX_FILES) {
    throw failure('duckdb-file-invalid', `${pattern} matches more than ${MAX_FILES} files`, { path })
  }
  return Promise.all(names.sort().map((name) => resolveInside(root, name, path)))
}

async function match(
  root: string,
  pattern: string,
  choices: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  // A name may hold wildcards itself: what is there literally is meant literally.
  if (await isFile(join(root, pattern))) return [pattern]
  const names = new Set<string>()
  for (const choice of choices) {
    for await (const name of namesMatching(root, choice, signal)) {
      if (await isFile(join(root, name))) names.add(name)
      if (names.size > MAX_FILES) return [...names]
    }
  }
  return [...names]
}

async function* namesMatching(root: string, pattern: string, signal: AbortSignal): AsyncGenerator<string> {
  try {
    yield* pathsMatching(root, pattern, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw unreadable((error as NodeJS.ErrnoException).path ?? root)
  }
}

async function resolveInside(root: string, name: string, path: string): Promise<string> {
  const real = await realpath(join(root, name))
  if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw failure('duckdb-file-outside', `${name} is a link that leads out of the folder`, { path })
  }
  return real
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (isMissing(error)) return false
    throw unreadable(path)
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG'
}

function unreadable(path: string): Error {
  return failure('duckdb-file-unreadable', `Cannot look at ${path}`)
}
