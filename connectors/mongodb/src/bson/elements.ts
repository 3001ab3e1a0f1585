import { mongodbError } from '../errors.ts'

/**
 * The bytes of BSON, read where they are: making objects of them costs several times the rest.
 * @see https://bsonspec.org/spec.html
 */

export const bsonType = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  regex: 0x0b,
  dbPointer: 0x0c,
  code: 0x0d,
  symbol: 0x0e,
  codeWithScope: 0x0f,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
  decimal128: 0x13,
  minKey: 0xff,
  maxKey: 0x7f,
} as const

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(bsonType).map(([name, type]) => [type, name]),
)

/** The type's name as MongoDB's documentation has it, for messages. */
export function bsonTypeName(type: number): string {
  return names.get(type) ?? `type 0x${type.toString(16)}`
}

export function readInt32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

const doubles = new Float64Array(1)
const doubleBytes = new Uint8Array(doubles.buffer)

export function readDouble(bytes: Uint8Array, at: number): number {
  for (let index = 0; index < 8; index++) doubleBytes[index] = bytes[at + index]!
  return doubles[0]!
}

/** Exact below 2^53. */
export function readInt64AsNumber(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at + 4) * 4_294_967_296 + (readInt32(bytes, at) >>> 0)
}

export function readInt64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(readInt32(bytes, at + 4)) << 32n) | BigInt(readInt32(bytes, at) >>> 0)
}

/** Where the NUL stands that ends a name. */
export function endOfName(bytes: Uint8Array, at: number): number {
  let end = at
  while (bytes[end] !== 0) {
    if (end >= bytes.length) throw broken()
    end++
  }
  return end
}

/** Where a value ends. */
export function endOfValue(bytes: Uint8Array, type: number, at: number): number {
  const end = at + sizeOf(bytes, type, at)
  if (!(end <= bytes.length)) throw broken()
  return end
}

function sizeOf(bytes: Uint8Array, type: number, at: number): number {
  switch (type) {
    case bsonType.undefined:
    case bsonType.null:
    case bsonType.minKey:
    case bsonType.maxKey:
      return 0
    case bsonType.boolean:
      return 1
    case bsonType.int32:
      return 4
    case bsonType.double:
    case bsonType.date:
    case bsonType.timestamp:
    case bsonType.int64:
      return 8
    case bsonType.objectId:
      return 12
    case bsonType.decimal128:
      return 16
    case bsonType.string:
    case bsonType.code:
    case bsonType.symbol:
      return 4 + length(bytes, at, 1)
    case bsonType.document:
    case bsonType.array:
    case bsonType.codeWithScope:
      return length(bytes, at, 5)
    case bsonType.binary:
      return 5 + length(bytes, at, 0)
    case bsonType.dbPointer:
      return 4 + length(bytes, at, 1) + 12
    case bsonType.regex:
      return endOfName(bytes, endOfName(bytes, at) + 1) + 1 - at
    default:
      throw broken()
  }
}

function length(bytes: Uint8Array, at: number, least: number): number {
  const value = readInt32(bytes, at)
  if (value < least) throw broken()
  return value
}

export function broken(): Error {
  return mongodbError('mongodb-protocol', 'A document of the server is not BSON')
}
