import { mongodbError } from '../errors.ts'
import type { Column } from './column.ts'

/** The paths of all columns, as a tree of names: one walk over a document finds every value. */
export class PathTree {
  /** Number of the column whose value this is; undefined for a step on the way. */
  readonly column: number | undefined
  readonly children: readonly PathTree[]
  readonly name: string
  readonly #bytes: Uint8Array
  readonly #byName: ReadonlyMap<string, PathTree>
  /** Documents mostly have their fields in the same order: where the next one is looked for first. */
  #next = 0

  constructor(name: string, column: number | undefined, children: readonly PathTree[]) {
    this.name = name
    this.column = column
    this.children = children
    this.#bytes = new TextEncoder().encode(name)
    this.#byName = new Map(children.map((child) => [child.name, child]))
  }

  /** The child of a name that stands in `bytes`. */
  find(bytes: Uint8Array, from: number, to: number): PathTree | undefined {
    const { children } = this
    const guess = children[this.#next] ?? children[0]
    if (guess !== undefined && guess.#is(bytes, from, to)) {
      this.#next = guess === children[this.#next] ? this.#next + 1 : 1
      return guess
    }
    const child = this.#byName.get(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString())
    if (child !== undefined) this.#next = children.indexOf(child) + 1
    return child
  }

  #is(bytes: Uint8Array, from: number, to: number): boolean {
    const name = this.#bytes
    if (name.length !== to - from) return false
    for (let index = 0; index < name.length; index++) if (name[index] !== bytes[from + index]) return false
    return true
  }
}

/** @throws BulkheadError `mongodb-columns-invalid` when a path is that of another column, or inside it */
export function pathTree(columns: readonly Column[]): PathTree {
  return build(
    '',
    columns.map(({ path }, index) => ({ path, index })),
    [],
  )
}

interface Leaf {
  readonly path: readonly string[]
  readonly index: number
}

function build(name: string, leaves: readonly Leaf[], path: readonly string[]): PathTree {
  const [own] = leaves.filter((leaf) => leaf.path.length === 0)
  if (own !== undefined) {
    if (leaves.length > 1)
      throw mongodbError(
        'mongodb-columns-invalid',
        `Two columns take the field ${path.join('.').slice(0, 200)}, or one of them a part of it`,
        { path: 'query.fields' },
      )
    return new PathTree(name, own.index, [])
  }
  const steps = Map.groupBy(leaves, (leaf) => leaf.path[0] ?? '')
  const children = [...steps].map(([step, below]) =>
    build(
      step,
      below.map((leaf) => ({ path: leaf.path.slice(1), index: leaf.index })),
      [...path, step],
    ),
  )
  return new PathTree(name, undefined, children)
}
