import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { compileNameGlob, type NameGlob } from '../glob.ts'

/** One part of a pattern between two `/`. */
type Part = NameGlob | 'any-parts'

/**
 * Paths below a folder that match a pattern, folders among them, no path twice: parts as
 * `compileNameGlob` has them, and a double star for any folders or none. Braces mean themselves: choose
 * by `choicesOfBraces` first, and refuse choices that `climbs`. Links to folders are followed where a
 * part matches them, and not by a double star, so that a link to a folder above ends nowhere.
 * @throws what the operating system gives for a folder that cannot be read; the signal's reason
 */
export async function* pathsMatching(
  root: string,
  pattern: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const parts = partsOf(pattern)
  yield* walk(root, '', parts, withEmptyParts(parts, new Set([0])), signal)
}

/** All positions of the pattern that a folder has reached are followed at once, in place of backtracking. */
async function* walk(
  root: string,
  below: string,
  parts: readonly Part[],
  reached: ReadonlySet<number>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  for await (const entry of entriesOf(join(root, below), parts, reached)) {
    signal.throwIfAborted()
    const next = new Set<number>()
    for (const position of reached) {
      const part = parts[position]
      if (part === undefined) continue
      if (part !== 'any-parts') {
        if (part.matches(entry.name)) next.add(position + 1)
      } else if (!entry.isLink && !entry.name.startsWith('.')) next.add(position)
    }
    if (next.size === 0) continue
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    const positions = withEmptyParts(parts, next)
    if (positions.has(parts.length)) yield path
    if ([...positions].some((position) => position < parts.length))
      yield* walk(root, path, parts, positions, signal)
  }
}

interface Entry {
  readonly name: string
  readonly isLink: boolean
}

/** Names in a folder; where every part that may come next is a plain name, only these are looked at. */
async function* entriesOf(
  folder: string,
  parts: readonly Part[],
  reached: ReadonlySet<number>,
): AsyncGenerator<Entry> {
  const next = [...reached].flatMap((position) => parts[position] ?? [])
  const names = next.flatMap((part) => (part === 'any-parts' ? [] : (part.name ?? [])))
  try {
    if (names.length === next.length) {
      for (const name of new Set(names)) if (await exists(join(folder, name))) yield { name, isLink: false }
      return
    }
    for await (const entry of await opendir(folder))
      yield { name: entry.name, isLink: entry.isSymbolicLink() }
  } catch (error) {
    // A file, or a folder that is gone: nothing matches there.
    const code = (error as NodeJS.ErrnoException | null)?.code
    if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(code ?? '')) throw error
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

function withEmptyParts(parts: readonly Part[], positions: Set<number>): ReadonlySet<number> {
  for (const position of positions) if (parts[position] === 'any-parts') positions.add(position + 1)
  return positions
}

function partsOf(pattern: string): readonly Part[] {
  const parts: Part[] = []
  for (const text of pattern.split('/')) {
    if (text === '' || text === '.') continue
    if (text !== '**') parts.push(compileNameGlob(text))
    else if (parts.at(-1) !== 'any-parts') parts.push('any-parts')
  }
  // At the end it stands for files too, not for folders alone.
  if (parts.at(-1) === 'any-parts') parts.push(compileNameGlob('*'))
  return parts
}
