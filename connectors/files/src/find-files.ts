import { lstat } from 'node:fs/promises'
import { relative } from 'node:path'
import { filesOfPaths, type LocalFile } from '@bulkhead/connector-sdk/local-files'
import { failure, fromSystem, systemCode } from './errors.ts'

/** A file as it was when the read was prepared; a read that finds it otherwise fails. */
export interface FoundFile extends LocalFile {
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
 * @throws `files-not-found` with near names, `files-outside-folder`, `files-too-many`, `files-query-invalid`
 */
export async function findFiles(
  root: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly FoundFile[]> {
  const files = await filesOfPaths(
    root,
    paths,
    ({ reason, message, ...fix }) => failure(`files-${reason}`, message, { path: 'query.path', ...fix }),
    signal,
  ).catch((error: unknown) => {
    signal.throwIfAborted()
    throw unreachable(error, root)
  })
  const found: FoundFile[] = []
  for (const file of files) {
    signal.throwIfAborted()
    const stats = await lstat(file.path, { bigint: true }).catch((error: unknown) => {
      throw unreachable(error, root)
    })
    found.push({ ...file, identity: identityOf(stats) })
  }
  return found
}

function unreachable(error: unknown, root: string): Error {
  const { path = root } = error as NodeJS.ErrnoException
  if (systemCode(error) === 'ENOENT')
    return failure('files-changed', `${relative(root, path)} was removed meanwhile`)
  return fromSystem(error, `Cannot look into ${path}`, 'read')
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
