/**
 * Regular expressions of a manifest meet values of strangers, and JavaScript's engine backtracks:
 * `(a+)+$` needs a minute for 30 letters. There is no linear engine here, so what is known to explode
 * is refused when the manifest is read, and the text that a pattern sees is bounded. What remains are
 * patterns that are slow by a power of the length: walls around a run hold those, not this check.
 */

/** Most characters of a text that is matched against a pattern. */
export const patternTextLength = 1000

/** Why a pattern cannot be used, as the end of a sentence; undefined when it can. */
export function patternFault(pattern: string): string | undefined {
  try {
    compilePattern(pattern)
  } catch {
    return 'is not a regular expression'
  }
  return explodes(pattern)
    ? 'repeats what itself repeats or can match in two ways, which can take for ever on hostile text'
    : undefined
}

/** The pattern as it is used: it must match the whole text. */
export function compilePattern(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, 'u')
}

interface Group {
  /** Something in it repeats without bound. */
  repeats: boolean
  /** In how many ways what is bounded in it can match, at most. */
  ways: number
  /** First characters of its alternatives; undefined for one that is not a plain character. */
  readonly starts: (string | undefined)[]
}

/** Trying so many ways to match takes a moment; beyond, it takes for ever soon. */
const mostWays = 1e6

interface Quantifier {
  readonly length: number
  readonly least: number
  /** Infinity when it has no bound. */
  readonly most: number
}

/** The quantifier with which a text begins; once, when it begins with none. */
function quantifierOf(text: string): Quantifier {
  const match = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(text)
  if (match === null) return { length: 0, least: 1, most: 1 }
  const [{ length }, sign, least = '', comma, most] = match
  if (sign !== undefined)
    return { length, least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Number.POSITIVE_INFINITY }
  if (comma === '') return { length, least: Number(least), most: Number(least) }
  return { length, least: Number(least), most: most === '' ? Number.POSITIVE_INFINITY : Number(most) }
}

/** In how many ways something can match that matches in `ways` by itself, and is repeated. */
function waysOf(ways: number, { least, most }: Quantifier): number {
  if (most === Number.POSITIVE_INFINITY) return ways > 1 ? most : 1
  return ways ** most * (most - least + 1)
}

/** Whether a group that repeats holds a repetition, or alternatives that may begin alike. */
function explodes(pattern: string): boolean {
  const open: Group[] = [{ repeats: false, ways: 1, starts: [] }]
  let atStart = true
  for (let at = 0; at < pattern.length; at++) {
    const group = open.at(-1)
    if (group === undefined) return false
    const char = pattern[at] ?? ''
    if (char === '|') {
      atStart = true
      continue
    }
    if (char === '(') {
      if (atStart) group.starts.push(undefined)
      open.push({ repeats: false, ways: 1, starts: [] })
      at += /^\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?/.exec(pattern.slice(at))?.[0].length ?? 1
      at--
      atStart = true
      continue
    }
    if (char === ')') {
      open.pop()
      const quantifier = quantifierOf(pattern.slice(at + 1))
      const outer = open.at(-1)
      const ways = waysOf(group.ways, quantifier)
      if (quantifier.most > 1 && (group.repeats || ambiguous(group) || ways > mostWays)) return true
      if (outer !== undefined) {
        outer.repeats ||= group.repeats || quantifier.most === Number.POSITIVE_INFINITY
        outer.ways *= ways
      }
      at += quantifier.length
      atStart = false
      continue
    }
    const atom = atomAt(pattern, at)
    if (atStart) group.starts.push(/^[\w\s-]$/.test(atom) ? atom : undefined)
    atStart = false
    const quantifier = quantifierOf(pattern.slice(at + atom.length))
    if (quantifier.most === Number.POSITIVE_INFINITY) group.repeats = true
    group.ways *= waysOf(1, quantifier)
    at += atom.length + quantifier.length - 1
  }
  return false
}

function ambiguous({ starts }: Group): boolean {
  return starts.length > 1 && (starts.includes(undefined) || new Set(starts).size < starts.length)
}

/** One character, escape or class. */
function atomAt(pattern: string, at: number): string {
  const rest = pattern.slice(at)
  return (
    /^(?:\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|k<[^>]*>|.)|\[(?:\\.|[^\]\\])*\]|.)/su.exec(rest)?.[0] ??
    rest.slice(0, 1)
  )
}
