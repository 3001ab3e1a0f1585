import { opendir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, posix, sep } from 'node:path'
import { choicesOfBraces, climbs } from '../glob.ts'
import { nearNames } from '../near-names.ts'
import { pathsMatching } from './paths-matching.ts'

/** Most names of a folder that are looked at for a suggestion. */
const MOST_LOOKED_AT = 2000

/** Files that a path means, or why there are none to read; the connector makes an error of its own of it. */
export type FilesFound =
  /** Paths below the folder, sorted by UTF-16 units: the same order everywhere. */
  | { readonly names: readonly string[] }
  | { readonly problem: 'outside' | 'too-many-choices' | 'too-many-files' }
  /** Nothing fits; names in its folder that are nearly the one that was meant. */
  | { readonly problem: 'not-found'; readonly near: readonly string[] }

/**
 * The files below a folder that a path means: itself, even where its name holds wildcards, or else what it matches
 * (see `pathsMatching`), in braces too.
 *
 * @param root  with its links resolved
 * @param most  so many names are held in memory (I8)
 * @throws what the operating system gives, with its `path`; the signal's reason
 */
export async function findFiles(
  root: string,
  path: string,
  { most, signal }: { readonly most: number; readonly signal: AbortSignal },
): Promise<FilesFound> {
  const choices = choicesOfBraces(path)
  // A choice of braces may make what the path itself was not.
  if ([path, ...(choices ?? [])].some(climbs)) return { problem: 'outside' }
  const pattern = posix.normalize(path)
  if (await isFile(join(root, pattern))) return { names: [pattern] }
  if (choices === undefined) return { problem: 'too-many-choices' }
  const names = new Set<string>()
  for (const choice of choices) {
    for await (const name of pathsMatching(root, choice, signal)) {
      signal.throwIfAborted()
      if (await isFile(join(root, name))) names.add(name)
      if (names.size > most) return { problem: 'too-many-files' }
    }
  }
  if (names.size > 0) return { names: [...names].toSorted() }
  return { problem: 'not-found', near: await nearFiles(root, pattern) }
}

/**
 * Where a file below a folder really is; undefined: a link leads out of the folder.
 * @throws what the operating system gives
 */
export async function resolveInside(root: string, name: string): Promise<string | undefined> {
  const path = await realpath(join(root, name))
  return isInside(root, path) ? path : undefined
}

/** Whether a path is below a folder, both with their links resolved. */
export function isInside(root: string, path: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : root + sep)
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException | null)?.code ?? ''
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(code)) return false
    throw error
  }
}

async function nearFiles(root: string, pattern: string): Promise<readonly string[]> {
  const folder = dirname(pattern)
  const near = nearNames(basename(pattern), await namesIn(root, folder))
  return near.map((name) => (folder === '.' ? name : `${folder}/${name}`))
}

async function namesIn(root: string, folder: string): Promise<string[]> {
  const names: string[] = []
  try {
    const path = await realpath(join(root, folder))
    if (path !== root && !isInside(root, path)) return []
    for await (const entry of await opendir(path)) {
      if (!entry.name.startsWith('.')) names.push(entry.name)
      if (names.length === MOST_LOOKED_AT) break
    }
  } catch {
    // Only suggestions are lost.
  }
  return names
}
