import type { Value } from '@bulkhead/connector-sdk'
import { Binary, Long } from 'mongodb'
import { mongodbError } from '../errors.ts'
import { extendedJsonReader } from './extended-json.ts'
import { BoundParameter, unfit } from './parameter.ts'

/**
 * What a value of the query means where it stands. In a `filter` (and `$match`) every text is a text.
 * In an `expression`, which all the rest is, a text that begins with `$` reads a field: a parameter
 * there is wrapped into `$literal`, so that it stays a value.
 */
export type Place = 'filter' | 'expression'

/** Documents are maps: their keys keep their order, and none of them can be taken for a marker of the driver. */
export type BsonDocument = Map<string, unknown>

/** Run JavaScript inside the server. */
const javascript = new Set(['$where', '$function', '$accumulator', '$code', '$scope'])
/** Stages that write; they stand nowhere else, so that they are refused wherever they stand. */
const writes = new Set(['$out', '$merge'])

/**
 * A value of the query as BSON.
 * @param path  of the value in the query, for errors
 * @throws BulkheadError `mongodb-javascript-refused`, `mongodb-stage-refused`, `mongodb-parameter-invalid`,
 *   `mongodb-query-invalid` for Extended JSON that is none
 */
export function toBson(value: unknown, place: Place, path: string): unknown {
  if (value instanceof BoundParameter) return parameterToBson(value, place)
  if (typeof value !== 'object' || value === null) return scalarToBson(value, path)
  if (value instanceof Uint8Array) return new Binary(value)
  if (Array.isArray(value)) return value.map((item, index) => toBson(item, place, `${path}.${index}`))
  const keys = Object.keys(value)
  for (const key of keys) refuseKey(key, `${path}.${key}`)
  const reader = extendedJsonReader(keys)
  if (reader !== undefined)
    return readExtended(reader, keys[0] ?? '', (value as Record<string, unknown>)[keys[0] ?? ''], path)
  return documentToBson(value, place, path)
}

export function documentToBson(value: object, place: Place, path: string): BsonDocument {
  const document: BsonDocument = new Map()
  for (const [key, item] of Object.entries(value)) {
    refuseKey(key, `${path}.${key}`)
    document.set(key, toBson(item, key === '$expr' ? 'expression' : place, `${path}.${key}`))
  }
  return document
}

/** Names of fields in the query end at NUL on the wire; operators that run code or write are refused at any depth. */
function refuseKey(key: string, path: string): void {
  if (javascript.has(key))
    throw mongodbError('mongodb-javascript-refused', `${key} runs JavaScript`, { path })
  if (writes.has(key)) throw mongodbError('mongodb-stage-refused', `${key} writes`, { path })
  if (key.includes('\0')) throw queryInvalid('A name holds a NUL character', path)
}

function parameterToBson({ name, value }: BoundParameter, place: Place): unknown {
  const items: readonly Value[] = Array.isArray(value) ? value : [value as Value]
  const converted = items.map((item) => scalarToBson(item, `parameters.${name}`))
  const bson = Array.isArray(value) ? converted : converted[0]
  const readsField = items.some((item) => typeof item === 'string' && item.startsWith('$'))
  return place === 'expression' && readsField ? new Map([['$literal', bson]]) : bson
}

function scalarToBson(value: unknown, path: string): unknown {
  if (value instanceof Uint8Array) return new Binary(value)
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) !== value)
      throw queryInvalid('A whole number does not fit into 64 bits', path, 'Write { "$numberDecimal": "…" }')
    return Long.fromBigInt(value)
  }
  // The driver would send what does not fit into 32 bits as a double.
  if (typeof value === 'number' && Number.isSafeInteger(value) && (value | 0) !== value)
    return Long.fromNumber(value)
  return value
}

/** A parameter inside Extended JSON is read as what it says; a list of them becomes a list. */
function readExtended(
  reader: (value: unknown) => unknown,
  key: string,
  value: unknown,
  path: string,
): unknown {
  if (value instanceof BoundParameter) {
    if (value.value === null) return null
    const read = (item: unknown): unknown => {
      const bson = reader(item)
      if (bson === undefined) throw unfit(value.name, `is not what ${key} takes`)
      return bson
    }
    return Array.isArray(value.value) ? value.value.map(read) : read(value.value)
  }
  const bson = reader(withoutParameters(value))
  if (bson === undefined) throw queryInvalid(`${key} is not followed by what Extended JSON has there`, path)
  return bson
}

function withoutParameters(value: unknown): unknown {
  if (value instanceof BoundParameter) return value.value
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || Array.isArray(value))
    return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutParameters(item)]))
}

export function queryInvalid(message: string, path: string, fix?: string): Error {
  return mongodbError('mongodb-query-invalid', message, { path, ...(fix === undefined ? {} : { fix }) })
}
