import {
  BACKSLASH,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  endOfComment,
  endOfString,
  endOfValue,
  NotJson,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  SLASH,
} from './json-bytes.ts'

/** What a hit carries beside its document, in the order in which the server writes it. */
export const metadataNames = [
  '_index',
  '_id',
  '_version',
  '_seq_no',
  '_primary_term',
  '_score',
  '_routing',
] as const
export type MetadataName = (typeof metadataNames)[number]

const SOURCE = 0
const SORT = 1
const FIRST_METADATA = 2
/** Places of one hit: begin and end of `_source`, `sort` and each of the metadata, and a flag. */
const STRIDE = 2 * (FIRST_METADATA + metadataNames.length) + 1
const FLAG = STRIDE - 1

/** A page of hits: where in its bytes each part lies. Used again for the next page. */
export class Hits {
  bytes: Buffer = Buffer.alloc(0)
  count = 0
  /** What surrounds the hits, as JSON: `_shards`, `timed_out`, `hits.total`, `pit_id`. */
  frame: Readonly<Record<string, unknown>> = {}
  #places = new Int32Array(STRIDE * 64)

  sourceStart(hit: number): number {
    return this.#places[hit * STRIDE]!
  }

  /** Equal to the start when the hit has no document. */
  sourceEnd(hit: number): number {
    return this.#places[hit * STRIDE + 1]!
  }

  /** Whether `_source` has line breaks or comments between its values. */
  isUntidy(hit: number): boolean {
    return this.#places[hit * STRIDE + FLAG] === 1
  }

  /** Equal to the end when the hit has no such value. */
  metadataStart(hit: number, which: number): number {
    return this.#places[hit * STRIDE + 2 * (FIRST_METADATA + which)]!
  }

  metadataEnd(hit: number, which: number): number {
    return this.#places[hit * STRIDE + 2 * (FIRST_METADATA + which) + 1]!
  }

  /** Where the sort values of a hit begin, their bracket included; -1 when it has none. */
  sortStart(hit: number): number {
    const place = hit * STRIDE + 2 * SORT
    return this.#places[place] === this.#places[place + 1] ? -1 : this.#places[place]!
  }

  /** @throws NotJson when the bytes are no answer to a search */
  scan(bytes: Buffer): void {
    this.bytes = bytes
    this.count = 0
    this.frame = this.#object(skipSpace(bytes, 0, bytes.length), (key, at) =>
      key === 'hits' ? this.#hitsObject(at) : undefined,
    ).fields
  }

  /** Walks an object; `special` takes over values by returning what they are and where they end. */
  #object(
    from: number,
    special: (key: string, at: number) => { fields: Record<string, unknown>; end: number } | undefined,
  ): { fields: Record<string, unknown>; end: number } {
    const { bytes } = this
    const end = bytes.length
    const fields: Record<string, unknown> = {}
    if (bytes[from] !== OPEN_OBJECT) throw new NotJson('There is no object')
    let at = skipSpace(bytes, from + 1, end)
    while (bytes[at] !== CLOSE_OBJECT) {
      if (bytes[at] !== QUOTE) throw new NotJson('A key is missing')
      const keyEnd = endOfString(bytes, at, end)
      const key = bytes.toString('latin1', at + 1, keyEnd - 1)
      at = this.#value(keyEnd)
      const taken = special(key, at)
      const valueEnd = taken?.end ?? endOfValue(bytes, at, end)
      fields[key] = taken?.fields ?? JSON.parse(bytes.toString('utf8', at, valueEnd))
      at = skipSpace(bytes, valueEnd, end)
      if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1, end)
      else if (bytes[at] !== CLOSE_OBJECT) throw new NotJson('An object has no end')
    }
    return { fields, end: at + 1 }
  }

  #hitsObject(from: number): { fields: Record<string, unknown>; end: number } {
    return this.#object(from, (key, at) => (key === 'hits' ? { fields: {}, end: this.#list(at) } : undefined))
  }

  #list(from: number): number {
    const { bytes } = this
    const end = bytes.length
    if (bytes[from] !== OPEN_LIST) throw new NotJson('There is no list of hits')
    let at = skipSpace(bytes, from + 1, end)
    while (bytes[at] !== CLOSE_LIST) {
      at = skipSpace(bytes, this.#hit(at), end)
      if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1, end)
      else if (bytes[at] !== CLOSE_LIST) throw new NotJson('The list of hits has no end')
    }
    return at + 1
  }

  #hit(from: number): number {
    const { bytes } = this
    const end = bytes.length
    const base = this.count * STRIDE
    if (base + STRIDE > this.#places.length) this.#grow()
    const places = this.#places
    places.fill(0, base, base + STRIDE)
    if (bytes[from] !== OPEN_OBJECT) throw new NotJson('A hit is no object')
    let at = skipSpace(bytes, from + 1, end)
    while (bytes[at] !== CLOSE_OBJECT) {
      if (bytes[at] !== QUOTE) throw new NotJson('A key is missing')
      const keyStart = at + 1
      const keyEnd = endOfString(bytes, at, end)
      at = this.#value(keyEnd)
      const part = partNamed(bytes, keyStart, keyEnd - 1)
      let valueEnd: number
      if (part === SOURCE) {
        valueEnd = endOfDocument(bytes, at, end)
        if (untidy) places[base + FLAG] = 1
      } else valueEnd = endOfValue(bytes, at, end)
      if (part >= 0) {
        places[base + 2 * part] = at
        places[base + 2 * part + 1] = valueEnd
      }
      at = skipSpace(bytes, valueEnd, end)
      if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1, end)
      else if (bytes[at] !== CLOSE_OBJECT) throw new NotJson('A hit has no end')
    }
    this.count++
    return at + 1
  }

  /** Where the value behind a key begins. */
  #value(keyEnd: number): number {
    const { bytes } = this
    const colon = skipSpace(bytes, keyEnd, bytes.length)
    if (bytes[colon] !== COLON) throw new NotJson('A value is missing')
    return skipSpace(bytes, colon + 1, bytes.length)
  }

  #grow(): void {
    const larger = new Int32Array(2 * this.#places.length)
    larger.set(this.#places)
    this.#places = larger
  }
}

/** Keys of a hit that count, by their length: with the part that each names. */
const keysByLength: { readonly key: Buffer; readonly part: number }[][] = []
for (const [part, name] of ['_source', 'sort', ...metadataNames].entries()) {
  const key = Buffer.from(name)
  const list = (keysByLength[key.length] ??= [])
  list.push({ key, part })
}

/** Which part of a hit a key names; -1: none that counts. */
function partNamed(bytes: Buffer, start: number, end: number): number {
  const list = keysByLength[end - start]
  if (list === undefined) return -1
  for (let which = 0; which < list.length; which++) {
    const { key, part } = list[which]!
    let at = 0
    while (at < key.length && bytes[start + at] === key[at]) at++
    if (at === key.length) return part
  }
  return -1
}

/** Whether the document that was walked last has line breaks or comments between its values. */
let untidy = false

/**
 * As `endOfValue`, for the one value that nearly all bytes of a page belong to: one loop, which also
 * sees what must not stand in a line.
 */
function endOfDocument(bytes: Buffer, from: number, end: number): number {
  untidy = false
  if (bytes[from] !== OPEN_OBJECT) return endOfValue(bytes, from, end)
  let depth = 0
  let at = from
  while (at < end) {
    const byte = bytes[at++]!
    if (byte === QUOTE) {
      for (;;) {
        if (at >= end) throw new NotJson('A text has no end')
        const inside = bytes[at++]!
        if (inside === QUOTE) break
        if (inside === BACKSLASH) at++
      }
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      if (--depth === 0) return at
    } else if (byte < 0x20) untidy = true
    else if (byte === SLASH) {
      untidy = true
      at = endOfComment(bytes, at - 1, end)
    }
  }
  throw new NotJson('A document has no end')
}
