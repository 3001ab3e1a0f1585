import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { type ConnectionContext, MAX_GLOB_CHOICES } from '@bulkhead/connector-sdk'
import { findFiles, resolveInside } from '@bulkhead/connector-sdk/local-files'
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
  const found = await findFiles(root, pattern, { most: MAX_FILES, signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw unreadable((error as NodeJS.ErrnoException).path ?? root)
  })
  if ('names' in found) return Promise.all(found.names.map((name) => inside(root, name, path)))
  switch (found.problem) {
    case 'outside':
      throw failure('duckdb-file-outside', `The path of ${table} leads out of the folder`, { path })
    case 'too-many-choices':
      throw failure(
        'duckdb-file-invalid',
        `The braces of the path of ${table} stand for more than ${MAX_GLOB_CHOICES} paths`,
        { path, fix: 'Write fewer choices, or a wildcard' },
      )
    case 'too-many-files':
      throw failure('duckdb-file-invalid', `${pattern} matches more than ${MAX_FILES} files`, { path })
    case 'not-found':
      throw failure('duckdb-file-missing', `No file of the folder is ${pattern}, which ${table} needs`, {
        path,
        ...(found.near.length === 0 ? {} : { fix: `Did you mean ${found.near.join(', ')}?` }),
      })
    default:
      return found satisfies never
  }
}

async function inside(root: string, name: string, path: string): Promise<string> {
  const real = await resolveInside(root, name)
  if (real !== undefined) return real
  throw failure('duckdb-file-outside', `${name} is a link that leads out of the folder`, { path })
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG'
}

function unreadable(path: string): Error {
  return failure('duckdb-file-unreadable', `Cannot look at ${path}`)
}
