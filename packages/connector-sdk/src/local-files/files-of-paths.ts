import { posix } from 'node:path'
import { MAX_GLOB_CHOICES } from '../glob.ts'
import { findFiles, resolveInside } from './find-files.ts'

/** A file below a folder. */
export interface LocalFile {
  /** Path below the folder, with `/`. */
  readonly name: string
  /** Path with links resolved. */
  readonly path: string
}

/** Why the paths of a query mean no files; the connector makes an error of its own of it. */
export interface PathsRefused {
  readonly reason: 'outside-folder' | 'query-invalid' | 'too-many' | 'not-found'
  readonly message: string
  /** Absent: that of the reason. */
  readonly fix?: string
}

/** Most files of one read: their names are held in memory (I8). */
const mostFiles = 20_000

/**
 * The files that the paths of a query mean: those of each path sorted by name (UTF-16 order, the same everywhere),
 * each file once.
 *
 * @param root    with its links resolved
 * @param refuse  makes the error that is thrown
 * @throws what `refuse` makes; what the operating system gives, with its `path`; the signal's reason
 */
export async function filesOfPaths(
  root: string,
  paths: readonly string[],
  refuse: (refused: PathsRefused) => Error,
  signal: AbortSignal,
): Promise<readonly LocalFile[]> {
  const tooMany = (path: string): Error =>
    refuse({ reason: 'too-many', message: `${path} matches more than ${mostFiles} files` })
  const found = new Map<string, LocalFile>()
  for (const path of paths) {
    const matched = await findFiles(root, path, { most: mostFiles, signal })
    if ('problem' in matched) {
      switch (matched.problem) {
        case 'outside':
          throw refuse({
            reason: 'outside-folder',
            message: `The path ${JSON.stringify(path)} leads out of the folder`,
          })
        case 'too-many-choices':
          throw refuse({
            reason: 'query-invalid',
            message: `The braces of a path stand for more than ${MAX_GLOB_CHOICES} paths`,
            fix: 'Give a list of paths, or fewer choices',
          })
        case 'too-many-files':
          throw tooMany(path)
        case 'not-found':
          throw refuse(notFound(posix.normalize(path), matched.near))
        default:
          return matched satisfies never
      }
    }
    for (const name of matched.names) {
      signal.throwIfAborted()
      if (found.has(name)) continue
      const real = await resolveInside(root, name)
      if (real === undefined)
        throw refuse({
          reason: 'outside-folder',
          message: `${name} is a link that leads out of the folder`,
        })
      found.set(name, { name, path: real })
      if (found.size > mostFiles) throw tooMany(path)
    }
  }
  return [...found.values()]
}

function notFound(pattern: string, near: readonly string[]): PathsRefused {
  return {
    reason: 'not-found',
    message: /[*?[\]{}]/.test(pattern)
      ? `No file matches ${pattern} in the folder`
      : `There is no file ${pattern} in the folder`,
    fix:
      near.length > 0
        ? `Did you mean ${near.join(', ')}?`
        : 'Correct the path; it is relative to the folder of the connection',
  }
}
