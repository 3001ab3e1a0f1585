import type { ByteBuffer } from '../byte-buffer.ts'
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  COMMA,
  endOfString,
  endOfValue,
  OPEN_LIST,
  OPEN_OBJECT,
  skipSpace,
} from '../search/json-bytes.ts'

/** Fields to keep and to leave out, by the parts of their paths. */
interface Rule {
  kept: boolean
  left: boolean
  readonly below: Map<string, Rule>
}

/** Cuts fields out of documents. What is kept is byte for byte what was stored. */
export class DocumentFilter {
  readonly #root: Rule

  constructor(include: readonly string[] | undefined, exclude: readonly string[]) {
    this.#root = rule()
    this.#root.kept = include === undefined
    for (const path of include ?? []) this.#ruleAt(path).kept = true
    for (const path of exclude) this.#ruleAt(path).left = true
  }

  /** Copies what is kept of the document, which must be an object without comments. */
  apply(bytes: Buffer, start: number, out: ByteBuffer): void {
    this.#object(bytes, start, bytes.length, this.#root, this.#root.kept, out)
  }

  #ruleAt(path: string): Rule {
    let at = this.#root
    for (const part of path.split('.')) {
      let next = at.below.get(part)
      if (next === undefined) at.below.set(part, (next = rule()))
      at = next
    }
    return at
  }

  #object(bytes: Buffer, from: number, end: number, rule: Rule, kept: boolean, out: ByteBuffer): number {
    out.addByte(OPEN_OBJECT)
    let at = skipSpace(bytes, from + 1, end)
    let isFirst = true
    while (bytes[at] !== CLOSE_OBJECT) {
      const keyStart = at
      const keyEnd = endOfString(bytes, at, end)
      const valueStart = skipSpace(bytes, skipSpace(bytes, keyEnd, end) + 1, end)
      const found = ruleOf(rule, keyName(bytes, keyStart, keyEnd))
      const isKept = found === undefined ? kept : !found.left && (kept || found.kept)
      const before = out.length
      if (!isFirst) out.addByte(COMMA)
      out.add(bytes, keyStart, valueStart)
      at = this.#value(bytes, valueStart, end, found, isKept, out)
      if (at < 0) {
        out.length = before // nothing below it is kept
        at = -at
      } else isFirst = false
      at = skipSpace(bytes, at, end)
      if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1, end)
    }
    out.addByte(CLOSE_OBJECT)
    return at + 1
  }

  /** @returns behind the value; negative when it is left out */
  #value(
    bytes: Buffer,
    at: number,
    end: number,
    rule: Rule | undefined,
    kept: boolean,
    out: ByteBuffer,
  ): number {
    const isNested = bytes[at] === OPEN_OBJECT || bytes[at] === OPEN_LIST
    if (rule?.left === true || (!kept && (rule === undefined || rule.below.size === 0 || !isNested)))
      return -endOfValue(bytes, at, end)
    if (rule === undefined || rule.below.size === 0 || !isNested) {
      const next = endOfValue(bytes, at, end)
      out.add(bytes, at, next)
      return next
    }
    return bytes[at] === OPEN_OBJECT
      ? this.#object(bytes, at, end, rule, kept, out)
      : this.#list(bytes, at, end, rule, kept, out)
  }

  /** A list is one field with several values: what holds below a field holds in each of them. */
  #list(bytes: Buffer, from: number, end: number, rule: Rule, kept: boolean, out: ByteBuffer): number {
    out.addByte(OPEN_LIST)
    let at = skipSpace(bytes, from + 1, end)
    let isFirst = true
    while (bytes[at] !== CLOSE_LIST) {
      const before = out.length
      if (!isFirst) out.addByte(COMMA)
      at = this.#value(bytes, at, end, rule, kept, out)
      if (at < 0) {
        out.length = before
        at = -at
      } else isFirst = false
      at = skipSpace(bytes, at, end)
      if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1, end)
    }
    out.addByte(CLOSE_LIST)
    return at + 1
  }
}

function rule(): Rule {
  return { kept: false, left: false, below: new Map() }
}

/** A key may hold dots: OpenSearch reads `{"a.b":1}` as `{"a":{"b":1}}`. */
function ruleOf(from: Rule, key: string): Rule | undefined {
  const own = from.below.get(key)
  if (own !== undefined || !key.includes('.')) return own
  let at: Rule | undefined = from
  const passed: Rule[] = []
  for (const part of key.split('.')) {
    at = at?.below.get(part)
    if (at === undefined) break
    passed.push(at)
  }
  const decisive = passed.find(({ left, kept }) => left || kept)
  return at ?? decisive
}

function keyName(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start + 1, end - 1)
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text
}
