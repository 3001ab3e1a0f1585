/**
 * Planted failures: a check is run on a small tree that breaks its rule on purpose, and has to turn
 * red there; on the same tree without the fault it has to be green, so that it is red for that reason.
 * Trees lie in temporary folders: the checkout itself is never touched.
 */
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { root } from '../architecture/checkout.ts'

export interface Tree {
  /** Copied from this checkout, files or folders. */
  readonly copies?: readonly string[]
  /** Written over the copies: content by path. */
  readonly files?: Readonly<Record<string, string>>
}

/** Makes a tree and resolves to its folder, which is removed after the test. The dependencies are linked into it. */
export async function plant(t: TestContext, ...trees: readonly Tree[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-planted-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const { copies = [], files = {} } of trees) {
    for (const path of copies)
      await cp(join(root, path), join(folder, path), { recursive: true, filter: isSource })
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), content)
    }
  }
  return folder
}

function isSource(path: string): boolean {
  return basename(path) !== 'dist'
}

/** Content of a JSON file. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
