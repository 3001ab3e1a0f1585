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
    for (let place = base; place < base + STRIDE; place++) places[place] = 0
    if (bytes[from] !== OPEN_OBJECT) throw new NotJson('A hit is no object')
    let at = from + 1
    if (bytes[at] !== QUOTE) at = skipSpace(bytes, at, end)
    while (bytes[at] !== CLOSE_OBJECT) {
      if (bytes[at] !== QUOTE) throw new NotJson('A key is missing')
      const keyStart = at + 1
      const keyEnd = endOfString(bytes, at, end)
      // the server writes nothing between its own keys and values; who has rewritten its answer may
      at = bytes[keyEnd] === COLON && isPlain(bytes[keyEnd + 1]!) ? keyEnd + 1 : this.#value(keyEnd)
      const part = partNamed(bytes, keyStart, keyEnd - 1)
      const isNested = part === SOURCE || part === SORT
      const valueEnd = isNested ? endOfNested(bytes, at, end) : endOfValue(bytes, at, end)
      if (part === SOURCE && untidy) places[base + FLAG] = 1
      if (part >= 0) {
        places[base + 2 * part] = at
        places[base + 2 * part + 1] = valueEnd
      }
      at = isPlain(bytes[valueEnd]!) ? valueEnd : skipSpace(bytes, valueEnd, end)
      if (bytes[at] === COMMA) at = bytes[at + 1] === QUOTE ? at + 1 : skipSpace(bytes, at + 1, end)
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

/** Neither white space nor the begin of a comment. */
function isPlain(byte: number): boolean {
  return byte > 0x20 && byte !== SLASH
}

/** Whether the object or list that was walked last has line breaks or comments between its values. */
let untidy = false

const OPENS = 1
const CLOSES = 2
const BEGINS_TEXT = 3
const IS_UNTIDY = 4
/** What a byte means between the texts of an object or list: 0 for most of them. */
const meanings = new Uint8Array(256).fill(IS_UNTIDY, 0, 0x20)
meanings[OPEN_OBJECT] = meanings[OPEN_LIST] = OPENS
meanings[CLOSE_OBJECT] = meanings[CLOSE_LIST] = CLOSES
meanings[QUOTE] = BEGINS_TEXT
meanings[SLASH] = IS_UNTIDY

/**
 * As `endOfValue`, for the values that nearly all bytes of a page belong to: one loop, which also
 * sees what must not stand in a line.
 */
function endOfNested(bytes: Buffer, from: number, end: number): number {
  untidy = false
  if (bytes[from] !== OPEN_OBJECT && bytes[from] !== OPEN_LIST) return endOfValue(bytes, from, end)
  let depth = 0
  let at = from
  while (at < end) {
    let meaning: number
    // behind the last byte there is no meaning, which ends it too
    do meaning = meanings[bytes[at++]!]!
    while (meaning === 0)
    if (meaning === BEGINS_TEXT) {
      for (;;) {
        if (at >= end) throw new NotJson('A text has no end')
        const inside = bytes[at++]!
        if (inside === QUOTE) break
        if (inside === BACKSLASH) at++
      }
    } else if (meaning === OPENS) depth++
    else if (meaning === CLOSES) {
      if (--depth === 0) return at
    } else if (meaning === IS_UNTIDY) {
      untidy = true
      if (bytes[at - 1] === SLASH) at = endOfComment(bytes, at - 1, end)
    }
  }
  throw new NotJson('An object or list has no end')
}
