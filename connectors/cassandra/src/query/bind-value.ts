import { isIP } from 'node:net'
import { types } from 'cassandra-driver'
import type { ParameterValue, Value } from '@bulkhead/connector-sdk'
import { cassandraError } from '../errors.ts'
import { type CqlType, typeName } from '../value/cql-type.ts'

/**
 * The value of a parameter as the client takes it for a type. Nothing is rounded, cut or guessed: what
 * does not fit the type exactly is refused.
 *
 * @param path  of the value, for errors
 * @throws BulkheadError `cassandra-parameter-invalid`; never shows the value
 */
export function bindValue(value: ParameterValue, type: CqlType, path: string): unknown {
  if (value === null) return null
  if (isList(value)) {
    if (type.kind === 'vector') {
      const items = value.map((item) => bindValue(item, type.of, path))
      if (items.length !== type.length || items.includes(null)) throw misfit(type, path)
      return new types.Vector(items, type.of.kind)
    }
    if (type.kind !== 'list' && type.kind !== 'set') throw misfit(type, path)
    return value.map((item) => bindValue(item, type.of, path))
  }
  const bound = bindScalar(value, type)
  if (bound === undefined) throw misfit(type, path)
  return bound
}

function misfit(type: CqlType, path: string): Error {
  return cassandraError('cassandra-parameter-invalid', `The value is no ${typeName(type).slice(0, 200)}`, {
    path,
  })
}

function isList(value: ParameterValue): value is readonly Value[] {
  return Array.isArray(value)
}

/** @returns undefined when the value does not fit */
function bindScalar(value: Exclude<Value, null>, type: CqlType): unknown {
  switch (type.kind) {
    case 'ascii':
    case 'text':
      if (typeof value !== 'string' || !value.isWellFormed()) return undefined
      // oxlint-disable-next-line no-control-regex -- all of ASCII
      return type.kind === 'ascii' && !/^[\x00-\x7f]*$/.test(value) ? undefined : value
    case 'boolean':
      return typeof value === 'boolean' ? value : value === 'true' || (value === 'false' ? false : undefined)
    case 'tinyint':
    case 'smallint':
    case 'int': {
      const whole = wholeOf(value, { tinyint: 8, smallint: 16, int: 32 }[type.kind])
      return whole === undefined ? undefined : Number(whole)
    }
    case 'bigint':
    case 'counter':
      return wholeOf(value, 64)
    case 'varint':
      return wholeOf(value, undefined)
    case 'decimal':
      return decimalOf(value)
    case 'float':
    case 'double':
      return floatOf(value)
    case 'uuid':
    case 'timeuuid':
      return typeof value === 'string' && uuid.test(value) ? types.Uuid.fromString(value) : undefined
    case 'inet':
      // A zone such as %eth0 is of one machine.
      return typeof value === 'string' && isIP(value) !== 0 && !value.includes('%')
        ? attempt(() => types.InetAddress.fromString(value))
        : undefined
    case 'date':
      return dateOf(value)
    case 'time':
      return typeof value === 'string' && clock.test(value) ? types.LocalTime.fromString(value) : undefined
    case 'timestamp':
      return timestampOf(value)
    case 'duration':
      return typeof value === 'string' && duration.test(value)
        ? attempt(() => types.Duration.fromString(value))
        : undefined
    case 'blob':
    case 'custom':
      return value instanceof Uint8Array ? Buffer.from(value) : undefined
    case 'list':
    case 'set':
    case 'vector':
    case 'map':
    case 'tuple':
    case 'udt':
      return undefined
  }
  return type satisfies never
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const duration = /^-?(?:P[\dYMDTHSW:-]{1,60}|(?:\d{1,19}(?:y|mo|w|d|h|m|s|ms|us|µs|ns)){1,11})$/i
const clock = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?$/

/** @param bits  of the signed type; undefined: any */
function wholeOf(value: Value, bits: number | undefined): bigint | undefined {
  const whole =
    typeof value === 'bigint'
      ? value
      : Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d{1,5000}$/.test(value))
        ? BigInt(value as string | number)
        : undefined
  return whole === undefined || bits === undefined || whole === BigInt.asIntN(bits, whole) ? whole : undefined
}

function decimalOf(value: Value): types.BigDecimal | undefined {
  const text = typeof value === 'bigint' || typeof value === 'number' ? String(value) : value
  const match =
    typeof text === 'string'
      ? /^(-?)(\d{1,5000})(?:\.(\d{1,5000}))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text)
      : null
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const unscaled = types.Integer.fromString(sign + whole + fraction)
  return new types.BigDecimal(unscaled as never, fraction.length - Number(exponent))
}

function floatOf(value: Value): number | undefined {
  if (typeof value === 'number') return value
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
  if (typeof value !== 'string' || !/^-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,4})?$/.test(value))
    return undefined
  return Number(value)
}

function dateOf(value: Value): types.LocalDate | undefined {
  if (typeof value !== 'string' || !/^\d{4,6}-\d\d-\d\d$/.test(value)) return undefined
  const date = attempt(() => types.LocalDate.fromString(value))
  // The client takes the 31st of February for a day of March.
  return date?.toString() === value ? date : undefined
}

const moment = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,3})0*)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/

/** Milliseconds as the protocol has them. Without a zone it is UTC. */
function timestampOf(value: Value): Buffer | undefined {
  let ms: number | undefined
  if (typeof value === 'number' || typeof value === 'bigint') ms = Number(value)
  else if (typeof value === 'string') {
    const match = moment.exec(value)
    if (match === null) return undefined
    const [, day = '', time = '00:00', fraction = '0', zone = 'Z'] = match
    const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`
    const seconds = time.length === 5 ? `${time}:00` : time
    ms = Date.parse(`${day}T${seconds}.${fraction.padEnd(3, '0')}${offset}`)
    // A day that the calendar does not have would be another one.
    if (Number.isNaN(ms) || !new Date(Date.parse(`${day}T00:00:00Z`)).toISOString().startsWith(day))
      return undefined
  }
  if (ms === undefined || !Number.isSafeInteger(ms)) return undefined
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(ms))
  return bytes
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}
