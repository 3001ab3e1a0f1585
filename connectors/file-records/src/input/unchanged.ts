import { stat } from 'node:fs/promises'
import type { LocalFile } from '@bulkhead/connector-sdk/local-files'
import { failure } from '../errors.ts'

/** Proves that files are the same at the end of a read as at its beginning: then all it saw is of one moment. */
export interface Watch {
  /** @throws `file-records-changed` naming the file */
  assertUnchanged(file: LocalFile): Promise<void>
}

export async function watchFiles(files: readonly LocalFile[]): Promise<Watch> {
  const before = new Map<string, string>()
  for (const { path } of files) before.set(path, await identity(path))
  return {
    async assertUnchanged({ path, name }) {
      if ((await identity(path)) !== before.get(path))
        throw failure('file-records-changed', `${name} changed while it was read`)
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
