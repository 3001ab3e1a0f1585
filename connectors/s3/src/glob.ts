// Line comments, because a pattern of this file would end the other kind.
//
// Patterns over keys: `*` is any text within one part of the key, `?` one character of it, `**/` any
// parts or none, `**` any text. Everything else means itself.
//
// Matching takes at most pattern x key steps, whatever the pattern: it comes with a request, and a
// regular expression made of it could be made to run for ever (I7).

export interface Glob {
  /** What every match begins with, so that only such keys need to be listed. */
  readonly beginning: string
  matches(key: string): boolean
}

/** @param pattern  at most 1024 characters, as the query's schema has it */
export function compileGlob(pattern: string): Glob {
  const tokens = tokensOf(pattern)
  const first = pattern.search(/[*?]/)
  return {
    beginning: first === -1 ? pattern : pattern.slice(0, first),
    matches: (key) => matches(tokens, Array.from(key)),
  }
}

type Token =
  | { readonly kind: 'letter'; readonly letter: string }
  | { readonly kind: 'any-letter' }
  | { readonly kind: 'within-part' }
  | { readonly kind: 'across-parts' }
  /** Two tokens for a double star with `/`: none at all, or whole parts. */
  | { readonly kind: 'parts-or-none' }
  | { readonly kind: 'whole-parts' }

function tokensOf(pattern: string): readonly Token[] {
  const tokens: Token[] = []
  for (const [text] of pattern.matchAll(/\*\*\/?|[\s\S]/gu)) {
    if (text === '**/') tokens.push({ kind: 'parts-or-none' }, { kind: 'whole-parts' })
    else if (text === '**') tokens.push({ kind: 'across-parts' })
    else if (text === '*') tokens.push({ kind: 'within-part' })
    else if (text === '?') tokens.push({ kind: 'any-letter' })
    else tokens.push({ kind: 'letter', letter: text })
  }
  return tokens
}

/** Keeps all positions of the pattern that the key's beginning can have reached, in place of backtracking. */
function matches(tokens: readonly Token[], letters: readonly string[]): boolean {
  let reached = withEmptyStars(tokens, new Set([0]))
  for (const letter of letters) {
    const next = new Set<number>()
    for (const position of reached) {
      for (const target of after(tokens[position], position, letter)) next.add(target)
    }
    if (next.size === 0) return false
    reached = withEmptyStars(tokens, next)
  }
  return reached.has(tokens.length)
}

function after(token: Token | undefined, position: number, letter: string): readonly number[] {
  switch (token?.kind) {
    case 'letter':
      return token.letter === letter ? [position + 1] : []
    case 'any-letter':
      return letter === '/' ? [] : [position + 1]
    case 'within-part':
      return letter === '/' ? [] : [position]
    case 'across-parts':
      return [position]
    case 'whole-parts':
      return letter === '/' ? [position, position + 1] : [position]
    case 'parts-or-none':
    case undefined:
      return []
  }
}

/** Adds the positions that need no letter: a star may stand for nothing. */
function withEmptyStars(tokens: readonly Token[], positions: Set<number>): ReadonlySet<number> {
  for (const position of positions) {
    const kind = tokens[position]?.kind
    if (kind === 'within-part' || kind === 'across-parts') positions.add(position + 1)
    if (kind === 'parts-or-none') positions.add(position + 1).add(position + 2)
  }
  return positions
}
