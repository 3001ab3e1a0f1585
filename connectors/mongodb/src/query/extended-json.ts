import {
  Binary,
  BSONRegExp,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from 'mongodb'

/**
 * Extended JSON v2 in queries: an object with one of these keys alone is a value of a BSON type.
 * @see https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md
 */

/** Reads what stands behind the key. @returns undefined when it is not what the key says */
type Reader = (value: unknown) => unknown

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['$oid', (value) => (isText(value, /^[0-9a-fA-F]{24}$/) ? new ObjectId(value) : undefined)],
  ['$date', readDate],
  ['$numberInt', (value) => (inRange(value, 32) ? new Int32(Number(value)) : undefined)],
  ['$numberLong', (value) => (inRange(value, 64) ? Long.fromBigInt(BigInt(value)) : undefined)],
  ['$numberDouble', readDouble],
  ['$numberDecimal', readDecimal],
  ['$uuid', (value) => (isText(value, uuid) ? new UUID(value) : undefined)],
  ['$binary', readBinary],
  ['$timestamp', readTimestamp],
  ['$regularExpression', readRegularExpression],
  ['$minKey', (value) => (value === 1 ? new MinKey() : undefined)],
  ['$maxKey', (value) => (value === 1 ? new MaxKey() : undefined)],
])

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The reader of the type that the only key of an object names; undefined when the object is no such value. */
export function extendedJsonReader(keys: readonly string[]): Reader | undefined {
  return keys.length === 1 ? readers.get(keys[0] ?? '') : undefined
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
}

/** Whole numbers, as text or as the number itself, which parameters are. */
function inRange(value: unknown, bits: 32 | 64): value is string | number | bigint {
  if (typeof value === 'number' ? !Number.isSafeInteger(value) : typeof value !== 'bigint')
    if (!isText(value, /^-?\d{1,20}$/)) return false
  const whole = BigInt(value as string | number | bigint)
  return BigInt.asIntN(bits, whole) === whole
}

const dateText =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,3})0*)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/

/** ISO text, to the millisecond; UTC when it names no zone; or milliseconds since 1970. */
function readDate(value: unknown): Date | undefined {
  if (isRecord(value) && Object.keys(value).length === 1 && inRange(value['$numberLong'], 64))
    return validDate(new Date(Number(value['$numberLong'])))
  const match = typeof value === 'string' ? dateText.exec(value) : null
  if (match === null) return undefined
  const [, day, time = '00:00', fraction = '0', zone = 'Z'] = match
  const offset = zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`
  const date = new Date(
    `${day}T${time.length === 5 ? `${time}:00` : time}.${fraction.padEnd(3, '0')}${offset}`,
  )
  // 31 April is no date: the day must come back, wherever the zone moved it.
  const inZone = new Date(date.getTime() + offsetMs(offset))
  return validDate(date) !== undefined && inZone.toISOString().startsWith(day ?? '') ? date : undefined
}

function offsetMs(offset: string): number {
  if (offset === 'Z') return 0
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6))
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000
}

function validDate(date: Date): Date | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date
}

function readDouble(value: unknown): Double | undefined {
  if (typeof value === 'number') return new Double(value)
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return new Double(Number(value))
  return isText(value, /^-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?$/)
    ? new Double(Number(value))
    : undefined
}

function readDecimal(value: unknown): Decimal128 | undefined {
  if (typeof value !== 'string' && !(typeof value === 'number' || typeof value === 'bigint')) return undefined
  const text = String(value)
  if (text.length > 100) return undefined
  try {
    return Decimal128.fromString(text) // refuses what it would round
  } catch {
    return undefined
  }
}

function readBinary(value: unknown): Binary | undefined {
  if (value instanceof Uint8Array) return new Binary(value)
  if (!isRecord(value) || !hasOnly(value, ['base64', 'subType'])) return undefined
  const { base64, subType } = value
  if (!isText(base64, /^[A-Za-z0-9+/]*={0,2}$/) || !isText(subType, /^[0-9a-fA-F]{1,2}$/)) return undefined
  return new Binary(Buffer.from(base64, 'base64'), Number.parseInt(subType, 16))
}

function readTimestamp(value: unknown): Timestamp | undefined {
  if (!isRecord(value) || !hasOnly(value, ['t', 'i'])) return undefined
  const { t, i } = value
  return isUint32(t) && isUint32(i) ? new Timestamp({ t, i }) : undefined
}

function readRegularExpression(value: unknown): BSONRegExp | undefined {
  if (!isRecord(value) || !hasOnly(value, ['pattern', 'options'])) return undefined
  const { pattern, options } = value
  if (typeof pattern !== 'string' || pattern.includes('\0') || !isText(options, /^[imsxul]*$/))
    return undefined
  return new BSONRegExp(pattern, options)
}

function isUint32(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0xffff_ffff
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasOnly(value: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  const keys = Object.keys(value)
  return keys.length === names.length && names.every((name) => keys.includes(name))
}
