import { bsonType, endOfName, endOfValue } from '../bson/elements.ts'
import { mongodbError } from '../errors.ts'
import type { Answer } from '../read/answer.ts'
import type { ColumnType } from '../query/query.ts'
import type { Column } from './column.ts'
import { isUuid } from './convert.ts'

/** More columns than any table has: then the names are data, and the documents no table. */
const maxColumns = 2000

type Found = ColumnType | 'int32' | 'int64' | 'objectId' | 'uuid' | 'null'

/**
 * The top-level fields of some documents as columns, in the order in which they first appear. Numbers of
 * several types become one that keeps them all; what has no common type becomes `json`.
 */
export function discoverColumns(answers: readonly Answer[]): readonly Column[] {
  const found = new Map<string, Found>()
  for (const { bytes, starts } of answers)
    for (const at of starts) {
      lookAt(found, bytes, at)
      if (found.size > maxColumns)
        throw mongodbError(
          'mongodb-columns-invalid',
          `The documents have more than ${maxColumns} different fields`,
          { path: 'query.discover', fix: 'List the columns in `fields`' },
        )
    }
  return [...found].map(([name, kind]) => ({ name, path: [name], type: columnType(kind) }))
}

function lookAt(found: Map<string, Found>, bytes: Uint8Array, at: number): void {
  const end = endOfValue(bytes, bsonType.document, at)
  let position = at + 4
  while (position < end - 1) {
    const type = bytes[position]!
    const nameEnd = endOfName(bytes, position + 1)
    const name = Buffer.from(bytes.subarray(position + 1, nameEnd)).toString()
    const valueEnd = endOfValue(bytes, type, nameEnd + 1)
    found.set(name, merge(found.get(name), kindOf(bytes, type, nameEnd + 1, valueEnd)))
    position = valueEnd
  }
}

function kindOf(bytes: Uint8Array, type: number, at: number, end: number): Found {
  switch (type) {
    case bsonType.string:
      return 'text'
    case bsonType.objectId:
      return 'objectId'
    case bsonType.int32:
      return 'int32'
    case bsonType.int64:
      return 'int64'
    case bsonType.double:
      return 'float'
    case bsonType.decimal128:
      return 'decimal'
    case bsonType.boolean:
      return 'boolean'
    case bsonType.date:
      return 'timestamp'
    case bsonType.null:
    case bsonType.undefined:
      return 'null'
    case bsonType.binary:
      if (isUuid(bytes, type, at, end)) return 'uuid'
      // A column of bytes has no place for other subtypes.
      return bytes[at + 4] === 0 ? 'binary' : 'json'
    default:
      return 'json'
  }
}

const numbers: readonly Found[] = ['int32', 'int64', 'float', 'decimal']

function merge(known: Found | undefined, kind: Found): Found {
  if (known === undefined || known === 'null' || known === kind) return kind
  if (kind === 'null') return known
  if (!numbers.includes(known) || !numbers.includes(kind)) return 'json'
  const kinds = new Set([known, kind])
  if (kinds.has('decimal')) return 'decimal'
  // A double keeps every int32, and not every int64.
  if (kinds.has('float')) return kinds.has('int64') ? 'decimal' : 'float'
  return 'int64'
}

function columnType(kind: Found): ColumnType {
  if (kind === 'null') return 'json'
  if (kind === 'objectId' || kind === 'uuid') return 'text'
  return kind === 'int32' || kind === 'int64' ? 'integer' : kind
}
