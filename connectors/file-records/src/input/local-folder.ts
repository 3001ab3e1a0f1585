import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { filesOfPaths, type LocalFile } from '@bulkhead/connector-sdk/local-files'
import { failure, fromSystem, systemCode } from '../errors.ts'

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
 * The files that the paths of a query mean.
 * @throws `file-records-not-found` with near names, `file-records-outside-folder`, `file-records-too-many`,
 *   `file-records-query-invalid`
 */
export function findFiles(
  root: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly LocalFile[]> {
  return filesOfPaths(
    root,
    paths,
    ({ reason, message, ...fix }) =>
      failure(`file-records-${reason}`, message, { path: 'query.path', ...fix }),
    signal,
  ).catch((error: unknown) => {
    signal.throwIfAborted()
    throw fromSystem(error, `Cannot look into ${(error as NodeJS.ErrnoException).path ?? root}`)
  })
}
