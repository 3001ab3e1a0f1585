import { bsonType, bsonTypeName, endOfName, endOfValue } from '../bson/elements.ts'
import type { ByteBuffer } from '../encode/byte-buffer.ts'
import type { ExtendedJson } from '../encode/extended-json.ts'
import { writeJsonText } from '../encode/json-text.ts'
import { mongodbError } from '../errors.ts'
import type { Columns } from './column.ts'
import { type PathTree, pathTree } from './path-tree.ts'

/** Finds the values of a row in a document: where they are, not what. */
export class RowReader {
  readonly #columns: Columns
  readonly #tree: PathTree
  /** By column, the type of the value in the current document; 0 when there is none. */
  readonly types: Uint8Array
  /** By column, where the value begins and ends. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Starts of the elements that have no column of their own: position of the type byte. */
  readonly #others: number[] = []

  constructor(columns: Columns) {
    this.#columns = columns
    this.#tree = pathTree(columns.columns)
    this.types = new Uint8Array(columns.columns.length)
    this.starts = new Int32Array(columns.columns.length)
    this.ends = new Int32Array(columns.columns.length)
  }

  /**
   * Looks at the document that begins there.
   * @throws BulkheadError `mongodb-field-unexpected`, `mongodb-value-unfit` for a path that leads into a value without fields
   */
  read(bytes: Uint8Array, at: number): void {
    this.types.fill(0)
    this.#others.length = 0
    if (this.#tree.column !== undefined) {
      this.#found(this.#tree.column, bsonType.document, at, endOfValue(bytes, bsonType.document, at))
      return
    }
    this.#walk(this.#tree, bytes, at, true)
  }

  /** Appends the fields that have no column, as a JSON object. @returns whether there are any */
  writeRest(out: ByteBuffer, json: ExtendedJson, bytes: Uint8Array): boolean {
    let separator = 0x7b
    for (const at of this.#others) {
      const nameEnd = endOfName(bytes, at + 1)
      out.byte(separator)
      separator = 0x2c
      writeJsonText(out, bytes, at + 1, nameEnd)
      out.byte(0x3a)
      json.value(out, bytes, bytes[at]!, nameEnd + 1)
    }
    if (separator === 0x7b) return false
    out.byte(0x7d)
    return true
  }

  #walk(tree: PathTree, bytes: Uint8Array, at: number, top: boolean): void {
    const end = endOfValue(bytes, bsonType.document, at)
    let position = at + 4
    while (position < end - 1) {
      const type = bytes[position]!
      const nameEnd = endOfName(bytes, position + 1)
      const start = nameEnd + 1
      const valueEnd = endOfValue(bytes, type, start)
      const child = tree.find(bytes, position + 1, nameEnd)
      if (child?.column !== undefined) this.#found(child.column, type, start, valueEnd)
      else {
        if (top) this.#other(bytes, position, nameEnd, child)
        if (child !== undefined) this.#descend(child, bytes, type, start)
      }
      position = valueEnd
    }
  }

  #found(column: number, type: number, start: number, end: number): void {
    this.types[column] = type === bsonType.null || type === bsonType.undefined ? 0 : type
    this.starts[column] = start
    this.ends[column] = end
  }

  /** What has no fields cannot have the one that a column wants; to take it for missing would lose it. */
  #descend(tree: PathTree, bytes: Uint8Array, type: number, start: number): void {
    if (type === bsonType.document) return this.#walk(tree, bytes, start, false)
    if (type === bsonType.null || type === bsonType.undefined) return
    const isPlaces = type === bsonType.array && tree.children.every(({ name }) => /^\d+$/.test(name))
    if (isPlaces) return this.#walk(tree, bytes, start, false)
    throw mongodbError(
      'mongodb-value-unfit',
      `A column looks for fields inside ${tree.name.slice(0, 100)}, and a document has ${bsonTypeName(type)} there`,
      { path: 'query.fields' },
    )
  }

  #other(bytes: Uint8Array, position: number, nameEnd: number, child: PathTree | undefined): void {
    const { rest, discovered } = this.#columns
    if (rest !== undefined) this.#others.push(position)
    else if (discovered !== undefined && child === undefined) {
      const name = Buffer.from(bytes.subarray(position + 1, nameEnd))
        .toString()
        .slice(0, 100)
      throw mongodbError(
        'mongodb-field-unexpected',
        `A document has the field ${name}, which none of the first ${discovered} documents had`,
        { path: 'query.discover' },
      )
    }
  }
}
