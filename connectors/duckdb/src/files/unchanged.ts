import { access, constants, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { failure } from '../errors.ts'

/** Proves that files are the same at the end of a read as at its beginning: then all it saw is of one moment. */
export interface Watch {
  /** @throws `duckdb-file-changed` naming the file */
  assertUnchanged(): Promise<void>
}

/** @throws `duckdb-file-unreadable` */
export async function watchFiles(paths: readonly string[]): Promise<Watch> {
  for (const path of paths) {
    await access(path, constants.R_OK).catch(() => {
      throw failure('duckdb-file-unreadable', `The file ${basename(path)} may not be read`)
    })
  }
  const before = await Promise.all(paths.map(identity))
  return {
    async assertUnchanged() {
      for (const [index, path] of paths.entries()) {
        if ((await identity(path)) !== before[index]) {
          throw failure('duckdb-file-changed', `The file ${basename(path)} changed while it was read`)
        }
      }
    },
  }
}

/** Device, inode, size and both times: a file that was overwritten or replaced differs in one of them. */
async function identity(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join()
  } catch {
    return 'gone'
  }
}
