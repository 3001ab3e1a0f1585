import { closingQuote } from './compact-json.ts'
import { formatPointer, type Pointer } from './json-pointer.ts'

/** Finds the values of columns within a record: valid JSON without blanks between its tokens. */

export interface RecordFinder {
  /**
   * Looks for all places in one pass. Afterwards `starts[i]` and `ends[i]` say where the value of place
   * i stands; `starts[i]` is -1 when the record does not have it.
   * @param onOther  called for each value that lies in no place and holds none; its place, and where it stands
   * @throws DuplicateField when an object has a wanted field twice: one of them would be lost
   */
  find(
    json: Uint8Array,
    onOther: ((pointer: () => string, start: number, end: number) => void) | undefined,
  ): void
  readonly starts: Int32Array
  readonly ends: Int32Array
}

/** An object that has the same field twice. */
export class DuplicateField extends Error {
  readonly pointer: string

  constructor(pointer: string) {
    super(`The field ${pointer} is there twice`)
    this.pointer = pointer
  }
}

interface Node {
  readonly below: Map<string, Node>
  /** Names below as bytes, which are compared without making text of them. */
  readonly names: { readonly bytes: Uint8Array; readonly node: Node }[]
  readonly targets: number[]
  readonly pointer: Pointer
}

/** @param places  where the values are; several may be the same, or lie within each other */
export function recordFinder(places: readonly Pointer[]): RecordFinder {
  const starts = new Int32Array(places.length)
  const ends = new Int32Array(places.length)
  const root = tree(places)
  return {
    starts,
    ends,
    find(json, onOther) {
      starts.fill(-1)
      value(json, 0, root)

      /** @returns where the value ends that begins at `at` */
      function value(bytes: Uint8Array, at: number, node: Node): number {
        for (const target of node.targets) {
          if (starts[target] !== -1) throw new DuplicateField(formatPointer(node.pointer))
          starts[target] = at
        }
        const first = bytes[at]
        const isContainer = first === 0x7b || first === 0x5b
        let end: number
        if (node.below.size > 0 && isContainer)
          end = first === 0x7b ? object(bytes, at, node) : array(bytes, at, node)
        else {
          end = skip(bytes, at)
          // null instead of an object has none of its fields, and loses nothing
          if (node.targets.length === 0 && first !== 0x6e)
            onOther?.(() => formatPointer(node.pointer), at, end)
        }
        for (const target of node.targets) ends[target] = end
        return end
      }

      function object(bytes: Uint8Array, at: number, node: Node): number {
        let next = at + 1
        if (bytes[next] === 0x7d) return next + 1
        // What is kept as a whole loses no field.
        const tell = node.targets.length === 0 ? onOther : undefined
        for (;;) {
          const key = next
          const keyEnd = closingQuote(bytes, key)
          const child = childOf(node, bytes, key + 1, keyEnd)
          const start = keyEnd + 2
          if (child !== undefined) next = value(bytes, start, child)
          else {
            next = skip(bytes, start)
            tell?.(() => formatPointer([...node.pointer, keyText(bytes, key, keyEnd)]), start, next)
          }
          if (bytes[next++] === 0x7d) return next
        }
      }

      function array(bytes: Uint8Array, at: number, node: Node): number {
        let next = at + 1
        if (bytes[next] === 0x5d) return next + 1
        const tell = node.targets.length === 0 ? onOther : undefined
        for (let index = 0; ; index++) {
          const child = node.below.get(String(index))
          const start = next
          if (child !== undefined) next = value(bytes, start, child)
          else {
            next = skip(bytes, start)
            const place = index
            tell?.(() => formatPointer([...node.pointer, String(place)]), start, next)
          }
          if (bytes[next++] === 0x5d) return next
        }
      }
    },
  }
}

/** Where the value ends that begins at `at`. */
function skip(json: Uint8Array, at: number): number {
  const first = json[at]
  if (first === 0x22) return closingQuote(json, at) + 1
  let to = at
  if (first !== 0x7b && first !== 0x5b) {
    while (to < json.length && endsScalar[json[to]!] === 0) to++
    return to
  }
  let depth = 0
  for (; to < json.length; to++) {
    const byte = json[to]!
    if (byte === 0x22) to = closingQuote(json, to)
    else if (byte === 0x7b || byte === 0x5b) depth++
    else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) return to + 1
  }
  return to
}

/** 1 for what may follow a number, `true`, `false` or `null`. */
const endsScalar = new Uint8Array(256)
for (const byte of ',}]') endsScalar[byte.charCodeAt(0)] = 1

function childOf(node: Node, json: Uint8Array, from: number, to: number): Node | undefined {
  for (const { bytes, node: child } of node.names) {
    if (bytes.length !== to - from) continue
    let index = 0
    while (index < bytes.length && bytes[index] === json[from + index]) index++
    if (index === bytes.length) return child
  }
  for (let at = from; at < to; at++) if (json[at] === 0x5c) return node.below.get(keyText(json, from - 1, to))
  return undefined
}

/** The name between two quotes, its escapes resolved. */
function keyText(json: Uint8Array, quote: number, closing: number): string {
  const text = Buffer.from(json.buffer, json.byteOffset + quote + 1, closing - quote - 1).toString('utf8')
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text
}

function tree(places: readonly Pointer[]): Node {
  const make = (pointer: Pointer): Node => ({ below: new Map(), names: [], targets: [], pointer })
  const root = make([])
  for (const [index, place] of places.entries()) {
    let node = root
    for (const [depth, name] of place.entries()) {
      let child = node.below.get(name)
      if (child === undefined) {
        child = make(place.slice(0, depth + 1))
        node.below.set(name, child)
        node.names.push({ bytes: Buffer.from(name, 'utf8'), node: child })
      }
      node = child
    }
    node.targets.push(index)
  }
  return root
}
