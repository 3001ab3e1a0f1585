/**
 * Patterns over names, which come with a request: a regular expression made of one could be made to run
 * for ever, and braces could fill the memory (I7, I8). Matching takes at most pattern x name steps.
 */

/** Most patterns that the braces of one path may stand for. */
export const MAX_GLOB_CHOICES = 256

type Token =
  | { readonly kind: 'letter'; readonly letter: string }
  /** One letter other than `/`. */
  | { readonly kind: 'any-letter' }
  /** Any text without `/`. */
  | { readonly kind: 'any-text' }
  /** Any text, `/` included. */
  | { readonly kind: 'any-path' }
  /** At the beginning of a part: whole parts with the `/` behind each, or none. */
  | { readonly kind: 'any-parts' }
  | {
      readonly kind: 'class'
      readonly isNegated: boolean
      readonly ranges: readonly (readonly [string, string])[]
    }

/** A pattern over keys of object storage. */
export interface Glob {
  /** What every match begins with, so that only such keys need to be listed. */
  readonly beginning: string
  matches(key: string): boolean
}

/**
 * A pattern over whole keys: `*` is any text within one part of the key, `?` one character of it; a
 * double star is any text, and with `/` behind it at the beginning of a part any parts or none.
 * Everything else means itself.
 */
export function compileGlob(pattern: string): Glob {
  const tokens: Token[] = []
  for (const [text] of pattern.matchAll(/(?<=^|\/)\*\*\/|\*\*|[\s\S]/gu)) {
    if (text === '**/') tokens.push({ kind: 'any-parts' })
    else if (text === '**') tokens.push({ kind: 'any-path' })
    else if (text === '*') tokens.push({ kind: 'any-text' })
    else if (text === '?') tokens.push({ kind: 'any-letter' })
    else tokens.push({ kind: 'letter', letter: text })
  }
  const first = pattern.search(/[*?]/)
  return {
    beginning: first === -1 ? pattern : pattern.slice(0, first),
    matches: (key) => matchesTokens(tokens, Array.from(key)),
  }
}

/** A pattern over the name of one file or folder. */
export interface NameGlob {
  /** The only name that matches, where the pattern has no wildcard. */
  readonly name: string | undefined
  matches(name: string): boolean
}

/**
 * A pattern over one name: `*`, `?`, classes such as `[a-z]` and `[!0-9]`, and `\` before what means
 * itself. Names that begin with a dot match only a pattern that does.
 */
export function compileNameGlob(pattern: string): NameGlob {
  const tokens: Token[] = []
  for (const [piece] of pattern.matchAll(/\\[\s\S]|\[[!^]?\]?[^\]]*\]|[\s\S]/gu)) {
    if (piece === '*') tokens.push({ kind: 'any-text' })
    else if (piece === '?') tokens.push({ kind: 'any-letter' })
    else if (piece.length > 1 && piece.startsWith('[')) tokens.push(classOf(piece.slice(1, -1)))
    else tokens.push({ kind: 'letter', letter: piece.startsWith('\\') ? piece.slice(1) || piece : piece })
  }
  const letters = tokens.map((token) => (token.kind === 'letter' ? token.letter : undefined))
  const only = letters.includes(undefined) ? undefined : letters.join('')
  return {
    name: only,
    matches(name) {
      if (only !== undefined) return name === only
      return (!name.startsWith('.') || letters[0] === '.') && matchesTokens(tokens, Array.from(name))
    },
  }
}

function classOf(text: string): Token {
  const isNegated = /^[!^]/.test(text)
  const ranges: (readonly [string, string])[] = []
  for (const [, from = '', to = from] of text.slice(isNegated ? 1 : 0).matchAll(/([\s\S])(?:-([\s\S]))?/gu))
    ranges.push([from, to])
  return { kind: 'class', isNegated, ranges }
}

/**
 * When something does not fit, only the last star takes more: no earlier one could do better. Once that
 * one is at the end of its part, the last star that crosses parts goes on with the next part, because
 * every other beginning in the same part ends there as well.
 */
function matchesTokens(tokens: readonly Token[], letters: readonly string[]): boolean {
  let token = 0
  let letter = 0
  let star: { readonly token: number; letter: number } | undefined
  let deep: { readonly token: number; readonly kind: 'any-path' | 'any-parts'; letter: number } | undefined
  while (letter < letters.length) {
    const wanted = tokens[token]
    if (wanted?.kind === 'any-path' || wanted?.kind === 'any-parts') {
      deep = { token: ++token, kind: wanted.kind, letter }
      star = undefined
    } else if (wanted?.kind === 'any-text') {
      star = { token: ++token, letter }
    } else if (wanted !== undefined && matchesLetter(wanted, letters[letter] ?? '')) {
      token++
      letter++
    } else if (star !== undefined && letters[star.letter] !== '/') {
      token = star.token
      letter = ++star.letter
    } else if (deep !== undefined) {
      const byLetter = deep.kind === 'any-path' && star === undefined
      const next = byLetter ? deep.letter : letters.indexOf('/', deep.letter)
      if (next === -1) return false
      deep.letter = next + 1
      star = undefined
      token = deep.token
      letter = deep.letter
    } else return false
  }
  return tokens
    .slice(token)
    .every(({ kind }) => kind === 'any-text' || kind === 'any-path' || kind === 'any-parts')
}

function matchesLetter(token: Token, letter: string): boolean {
  if (token.kind === 'letter') return token.letter === letter
  if (letter === '/') return false
  if (token.kind !== 'class') return true
  return token.ranges.some(([from, to]) => from <= letter && letter <= to) !== token.isNegated
}

/**
 * The patterns that remain when one of each `{a,b}` is chosen; braces without a comma mean themselves.
 * @returns undefined for more than `MAX_GLOB_CHOICES`
 */
export function choicesOfBraces(pattern: string): readonly string[] | undefined {
  const done: string[] = []
  const open = [pattern]
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    const braces = firstBraces(text)
    if (braces === undefined) done.push(text)
    else {
      if (done.length + open.length + braces.choices.length > MAX_GLOB_CHOICES) return undefined
      const { before, choices, after } = braces
      open.push(...choices.toReversed().map((choice) => before + choice + after))
    }
  }
  return [...new Set(done)]
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

/** Whether a path is absolute, has a part `..`, or a NUL: none such is below a folder for sure. */
export function climbs(path: string): boolean {
  // A backslash may hide a dot from this look.
  return path.startsWith('/') || path.includes('\0') || path.replaceAll('\\', '').split('/').includes('..')
}
