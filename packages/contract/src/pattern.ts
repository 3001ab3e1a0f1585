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
  /** First characters of its alternatives; undefined for one that is not a plain character. */
  readonly starts: (string | undefined)[]
}

const unbounded = /^(?:[*+]|\{\d+,\})/
const repeated = /^(?:[*+]|\{(?:\d+,\}|\d*,?(?:[2-9]|\d{2,})\}))/

/** Whether a group that repeats holds a repetition, or alternatives that may begin alike. */
function explodes(pattern: string): boolean {
  const open: Group[] = [{ repeats: false, starts: [] }]
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
      open.push({ repeats: false, starts: [] })
      at += /^\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?/.exec(pattern.slice(at))?.[0].length ?? 1
      at--
      atStart = true
      continue
    }
    if (char === ')') {
      open.pop()
      const rest = pattern.slice(at + 1)
      const outer = open.at(-1)
      if (repeated.test(rest) && (group.repeats || ambiguous(group))) return true
      if (outer !== undefined) outer.repeats ||= group.repeats || unbounded.test(rest)
      atStart = false
      continue
    }
    const atom = atomAt(pattern, at)
    if (atStart) group.starts.push(/^[\w\s-]$/.test(atom) ? atom : undefined)
    atStart = false
    at += atom.length - 1
    if (unbounded.test(pattern.slice(at + 1))) group.repeats = true
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
