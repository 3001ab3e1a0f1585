import {
  BACKSLASH,
  CLOSE_OBJECT,
  COMMA,
  endOfString,
  endOfValue,
  OPEN_LIST,
  OPEN_OBJECT,
  skipSpace,
} from '../search/json-bytes.ts'

/** A part of a path, with what the columns want of it. */
interface Step {
  readonly name: string
  readonly key: Buffer
  /** Which of the paths ends here; -1: none. */
  place: number
  readonly below: Step[]
}

/** What stands in the way of a value; told with the path, and without the value. */
export interface Obstacle {
  readonly kind: 'unknown-field' | 'list-on-the-way' | 'given-twice'
  readonly path: string
}

/** Finds the values of paths in a document, in one walk through its bytes. */
export class PathMatcher {
  /** Where the value of each path begins and ends, in the document that was walked last; equal when there is none. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly #root: Step = step('')
  readonly #isComplete: boolean
  #obstacle: Obstacle | undefined

  /** @param isComplete  that a field of the first level which is no path is an obstacle */
  constructor(paths: readonly string[], isComplete: boolean) {
    this.starts = new Int32Array(paths.length)
    this.ends = new Int32Array(paths.length)
    this.#isComplete = isComplete
    for (const [place, path] of paths.entries()) {
      let at = this.#root
      for (const name of path.split('.')) {
        let next = at.below.find((known) => known.name === name)
        if (next === undefined) at.below.push((next = step(name)))
        at = next
      }
      at.place = place
    }
  }

  /** Walks a document, an object without comments. @returns what was in the way, if anything was */
  match(bytes: Buffer, start: number, end: number): Obstacle | undefined {
    this.starts.fill(0)
    this.ends.fill(0)
    this.#obstacle = undefined
    this.#object(bytes, start, end, this.#root, '')
    return this.#obstacle
  }

  #object(bytes: Buffer, from: number, end: number, step: Step, path: string): void {
    let at = skipSpace(bytes, from + 1, end)
    let expected = 0
    while (bytes[at] !== CLOSE_OBJECT) {
      const keyStart = at + 1
      const keyEnd = endOfString(bytes, at, end) - 1
      const value = skipSpace(bytes, skipSpace(bytes, keyEnd + 1, end) + 1, end)
      const valueEnd = endOfValue(bytes, value, end)
      // documents mostly have their fields in the same order
      let child = step.below[expected]
      if (child === undefined || !isKey(child.key, bytes, keyStart, keyEnd)) {
        const place = step.below.findIndex(({ key }) => isKey(key, bytes, keyStart, keyEnd))
        child = step.below[place]
        if (child !== undefined) expected = place
      }
      if (child === undefined) this.#otherKey(bytes, keyStart, keyEnd, value, valueEnd, step, path)
      else {
        expected++
        this.#found(bytes, value, valueEnd, child, path)
      }
      at = skipSpace(bytes, valueEnd, end)
      if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1, end)
    }
  }

  #found(bytes: Buffer, value: number, valueEnd: number, found: Step, path: string): void {
    const { place, below, name } = found
    if (place >= 0) {
      if (this.ends[place] !== 0) this.#meet('given-twice', path + name)
      this.starts[place] = value
      this.ends[place] = valueEnd
    }
    if (below.length === 0) return
    if (bytes[value] === OPEN_OBJECT) this.#object(bytes, value, valueEnd, found, `${path}${name}.`)
    else if (bytes[value] === OPEN_LIST) this.#meet('list-on-the-way', path + name)
  }

  /** A key with escapes, one with dots that stands for a path, or one that nobody asked for. */
  #otherKey(
    bytes: Buffer,
    keyStart: number,
    keyEnd: number,
    value: number,
    valueEnd: number,
    from: Step,
    path: string,
  ): void {
    const isStrict = this.#isComplete && path === ''
    if (!isStrict && isSimple(bytes, keyStart, keyEnd)) return
    const written = bytes.toString('utf8', keyStart, keyEnd)
    const key = written.includes('\\') ? (JSON.parse(`"${written}"`) as string) : written
    const parts = key.split('.')
    let at: Step | undefined = from
    for (const [place, part] of parts.entries()) {
      at = at.below.find(({ name }) => name === part)
      if (at === undefined) break
      // {"a.b":1} is a part of column `a`, which has no place for it
      if (at.place >= 0 && place < parts.length - 1) return this.#meet('unknown-field', path + key)
    }
    const above = parts.slice(0, -1).map((part) => `${part}.`)
    if (at !== undefined) this.#found(bytes, value, valueEnd, at, path + above.join(''))
    else if (isStrict) this.#meet('unknown-field', key)
  }

  #meet(kind: Obstacle['kind'], path: string): void {
    this.#obstacle ??= { kind, path }
  }
}

function step(name: string): Step {
  // as JSON writes it, without what JSON may write in other ways
  return { name, key: Buffer.from(name), place: -1, below: [] }
}

/** Without escapes and dots, which may make another key of it. */
function isSimple(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH || bytes[at] === DOT) return false
  return true
}

const DOT = 0x2e

function isKey(key: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (key.length !== end - start) return false
  for (let at = 0; at < key.length; at++) if (bytes[start + at] !== key[at]) return false
  return true
}
