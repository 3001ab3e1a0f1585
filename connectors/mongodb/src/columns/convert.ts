import { float64Text } from '@bulkhead/connector-sdk'
import {
  bsonType,
  bsonTypeName,
  readDouble,
  readInt32,
  readInt64,
  readInt64AsNumber,
} from '../bson/elements.ts'
import type { ByteBuffer } from '../encode/byte-buffer.ts'
import { binaryStart } from '../encode/extended-json.ts'
import { checkUtf8 } from '../encode/json-text.ts'
import { decimal128Text, int64Text } from '../encode/number-text.ts'
import { mongodbError } from '../errors.ts'
import type { Column } from './column.ts'

/** A BSON value as the type of its column. What would lose a digit, or mean something else, is an error. */

/** @throws BulkheadError `mongodb-value-unfit`, naming column and types and not the value */
function unfit({ name, type }: Pick<Column, 'name' | 'type'>, found: string): Error {
  return mongodbError(
    'mongodb-value-unfit',
    `The column ${name.slice(0, 100)} takes ${type}, and a document has ${found} there`,
    {
      path: 'query',
    },
  )
}

const uuidBytes = 16

export function toInteger(column: Column, bytes: Uint8Array, type: number, at: number): bigint {
  if (type === bsonType.int32) return BigInt(readInt32(bytes, at))
  if (type === bsonType.int64) return readInt64(bytes, at)
  if (type === bsonType.double) {
    // Shells write whole numbers as doubles.
    const value = readDouble(bytes, at)
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) return BigInt(value)
    throw unfit(column, 'a double that is no whole number')
  }
  throw unfit(column, bsonTypeName(type))
}

export function toFloat(column: Column, bytes: Uint8Array, type: number, at: number): number {
  if (type === bsonType.double) return readDouble(bytes, at)
  if (type === bsonType.int32) return readInt32(bytes, at)
  if (type === bsonType.int64) {
    const value = readInt64AsNumber(bytes, at)
    if (Number.isSafeInteger(value)) return value
    throw unfit(column, 'an int64 that a double cannot keep')
  }
  throw unfit(column, bsonTypeName(type))
}

export function toDecimal(column: Column, bytes: Uint8Array, type: number, at: number): string {
  switch (type) {
    case bsonType.decimal128:
      return decimal128Text(bytes, at)
    case bsonType.int32:
      return readInt32(bytes, at).toFixed(0)
    case bsonType.int64:
      return int64Text(bytes, at)
    case bsonType.double:
      return float64Text(readDouble(bytes, at))
    default:
      throw unfit(column, bsonTypeName(type))
  }
}

export function toBoolean(column: Column, bytes: Uint8Array, type: number, at: number): boolean {
  if (type === bsonType.boolean) return bytes[at] !== 0
  throw unfit(column, bsonTypeName(type))
}

/** Milliseconds since 1970, as far as a double counts them one by one; as microseconds they fit into 64 bits. */
export function toMilliseconds(column: Column, bytes: Uint8Array, type: number, at: number): number {
  if (type !== bsonType.date) throw unfit(column, bsonTypeName(type))
  const ms = readInt64AsNumber(bytes, at)
  if (!Number.isSafeInteger(ms)) throw unfit(column, 'a date more than 285,000 years away')
  return ms
}

/** Appends the UTF-8 of a text: a string, the digits of an ObjectId, a UUID. */
export function writeText(
  column: Column,
  out: ByteBuffer,
  bytes: Uint8Array,
  type: number,
  at: number,
  end: number,
): void {
  if (type === bsonType.string || type === bsonType.symbol) {
    checkUtf8(bytes, at + 4, end - 1)
    return out.range(bytes, at + 4, end - 1)
  }
  if (type === bsonType.objectId) return out.hex(bytes, at, end)
  if (!isUuid(bytes, type, at, end)) throw unfit(column, describe(bytes, type, at))
  let from = at + 5
  for (const length of [4, 2, 2, 2, 6]) {
    if (from > at + 5) out.byte(0x2d)
    out.hex(bytes, from, from + length)
    from += length
  }
}

/** Range of the content of a binary value, whatever its subtype. */
export function binaryRange(
  column: Column,
  bytes: Uint8Array,
  type: number,
  at: number,
  end: number,
): readonly [from: number, to: number] {
  if (type !== bsonType.binary) throw unfit(column, bsonTypeName(type))
  return [binaryStart(bytes, at, end), end]
}

export function isUuid(bytes: Uint8Array, type: number, at: number, end: number): boolean {
  return type === bsonType.binary && bytes[at + 4] === 4 && end - at === uuidBytes + 5
}

function describe(bytes: Uint8Array, type: number, at: number): string {
  return type === bsonType.binary ? `binary of subtype ${bytes[at + 4]}` : bsonTypeName(type)
}
