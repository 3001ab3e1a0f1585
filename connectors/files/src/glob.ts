import { opendir, stat } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { failure, fromSystem, systemCode } from './errors.ts'

/**
 * Names of files by a pattern that comes with a request. The library of Node makes a regular expression
 * of it, which hostile text keeps busy for ever, and writes out all that braces stand for, which fills
 * the memory; here the choices are counted, and a name takes at most pattern x name steps (I7, I8).
 */

/** Most patterns that the braces of one path may stand for. */
const MAX_CHOICES = 256

type Token =
  | { readonly kind: 'letter'; readonly letter: string }
  | { readonly kind: 'any-letter' }
  | { readonly kind: 'any-text' }
  | {
      readonly kind: 'class'
      readonly isNegated: boolean
      readonly ranges: readonly (readonly [string, string])[]
    }

/** One part of a pattern between two `/`; `any-parts` for `**`. */
type Part =
  | { readonly kind: 'any-parts' }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'pattern'; readonly tokens: readonly Token[] }

/**
 * Paths below the folder that match, folders among them; a path may come twice. Links to folders are
 * followed where a part matches them, and not by `**`, so that a link to a folder above ends nowhere.
 * @throws `files-outside-folder` for a choice that climbs, `files-query-invalid` for too many choices
 */
export async function* pathsMatching(
  root: string,
  pattern: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  for (const choice of choicesOf(pattern)) {
    if (posix.isAbsolute(choice) || choice.split('/').includes('..'))
      throw failure('files-outside-folder', `The path ${JSON.stringify(pattern)} leads out of the folder`, {
        path: 'query.path',
      })
    const parts = partsOf(choice)
    yield* walk(root, '', parts, withEmptyParts(parts, new Set([0])), signal)
  }
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
      if (part.kind !== 'any-parts') {
        if (matchesPart(part, entry.name)) next.add(position + 1)
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
  try {
    if (next.every((part) => part.kind === 'name')) {
      for (const { name } of next) {
        if (await exists(join(folder, name))) yield { name, isLink: false }
      }
      return
    }
    for await (const entry of await opendir(folder))
      yield { name: entry.name, isLink: entry.isSymbolicLink() }
  } catch (error) {
    // A file, or a folder that is gone: nothing matches there.
    if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(systemCode(error)))
      throw fromSystem(error, `Cannot look into ${folder}`, 'read')
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

function withEmptyParts(parts: readonly Part[], positions: Set<number>): ReadonlySet<number> {
  for (const position of positions) if (parts[position]?.kind === 'any-parts') positions.add(position + 1)
  return positions
}

/** The patterns that remain when one of each `{a,b}` is chosen; braces without a comma mean themselves. */
function choicesOf(pattern: string): readonly string[] {
  const done: string[] = []
  const open = [pattern]
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    const braces = firstBraces(text)
    if (braces === undefined) done.push(text)
    else open.push(...braces.choices.toReversed().map((choice) => braces.before + choice + braces.after))
    if (done.length + open.length > MAX_CHOICES)
      throw failure('files-query-invalid', `The braces of a path stand for more than ${MAX_CHOICES} paths`, {
        path: 'query.path',
        fix: 'Give a list of paths, or fewer choices',
      })
  }
  return done
}

function firstBraces(
  text: string,
): { readonly before: string; readonly choices: readonly string[]; readonly after: string } | undefined {
  const stack: { readonly at: number; readonly commas: number[] }[] = []
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '\\') at++
    else if (char === '{') stack.push({ at, commas: [] })
    else if (char === ',') stack.at(-1)?.commas.push(at)
    else if (char === '}') {
      const braces = stack.pop()
      if (braces === undefined || braces.commas.length === 0) continue
      const ends = [braces.at, ...braces.commas, at]
      return {
        before: text.slice(0, braces.at),
        choices: ends.slice(1).map((end, index) => text.slice((ends[index] ?? 0) + 1, end)),
        after: text.slice(at + 1),
      }
    }
  }
  return undefined
}

function partsOf(pattern: string): readonly Part[] {
  const parts: Part[] = []
  for (const text of pattern.split('/')) {
    if (text === '' || text === '.') continue
    if (text !== '**') parts.push(partOf(text))
    else if (parts.at(-1)?.kind !== 'any-parts') parts.push({ kind: 'any-parts' })
  }
  // At the end it stands for files too, not for folders alone.
  if (parts.at(-1)?.kind === 'any-parts') parts.push({ kind: 'pattern', tokens: [{ kind: 'any-text' }] })
  return parts
}

function partOf(text: string): Part {
  const tokens: Token[] = []
  for (const [piece] of text.matchAll(/\\[\s\S]|\[[!^]?\]?[^\]]*\]|[\s\S]/gu)) {
    if (piece === '*') {
      if (tokens.at(-1)?.kind !== 'any-text') tokens.push({ kind: 'any-text' })
    } else if (piece === '?') tokens.push({ kind: 'any-letter' })
    else if (piece.length > 1 && piece.startsWith('[')) tokens.push(classOf(piece.slice(1, -1)))
    else tokens.push({ kind: 'letter', letter: piece.startsWith('\\') ? piece.slice(1) || piece : piece })
  }
  const letters = tokens.map((token) => (token.kind === 'letter' ? token.letter : undefined))
  return letters.includes(undefined) ? { kind: 'pattern', tokens } : { kind: 'name', name: letters.join('') }
}

function classOf(text: string): Token {
  const isNegated = /^[!^]/.test(text)
  const ranges: (readonly [string, string])[] = []
  for (const [, from = '', to = from] of text.slice(isNegated ? 1 : 0).matchAll(/([\s\S])(?:-([\s\S]))?/gu))
    ranges.push([from, to])
  return { kind: 'class', isNegated, ranges }
}

function matchesPart(part: Exclude<Part, { kind: 'any-parts' }>, name: string): boolean {
  if (part.kind === 'name') return part.name === name
  const [first] = part.tokens
  if (name.startsWith('.') && !(first?.kind === 'letter' && first.letter === '.')) return false
  return matchesTokens(part.tokens, Array.from(name))
}

/** When something does not fit, only the last star takes one letter more: no earlier one could do better. */
function matchesTokens(tokens: readonly Token[], letters: readonly string[]): boolean {
  let token = 0
  let star = -1
  let starLetter = 0
  for (let letter = 0; letter < letters.length;) {
    const wanted = tokens[token]
    if (wanted?.kind === 'any-text') {
      star = token++
      starLetter = letter
    } else if (wanted !== undefined && matchesLetter(wanted, letters[letter] ?? '')) {
      token++
      letter++
    } else if (star !== -1) {
      token = star + 1
      letter = ++starLetter
    } else return false
  }
  return tokens.slice(token).every(({ kind }) => kind === 'any-text')
}

function matchesLetter(token: Token, letter: string): boolean {
  if (token.kind === 'letter') return token.letter === letter
  if (token.kind !== 'class') return true
  return token.ranges.some(([from, to]) => from <= letter && letter <= to) !== token.isNegated
}
