import type { types } from 'cassandra-driver'
import type { Value } from '@bulkhead/connector-sdk'
import { cassandraError } from '../errors.ts'
import type { ScalarKind } from './cql-type.ts'
import { dateText, momentText } from './moment-text.ts'

/** A value of the client, which is not null, as the application's code sees it. */
export function scalarValue(kind: ScalarKind, value: unknown, column: string): Value {
  switch (kind) {
    case 'ascii':
    case 'text':
    case 'boolean':
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'counter':
    case 'float':
    case 'double':
      return value as Value
    case 'blob':
      return bytesOf(value as Buffer)
    case 'varint':
      return (value as bigint).toString()
    case 'decimal':
      return decimalText(value as types.BigDecimal, column)
    case 'date':
      return dateText(daysOf(value as types.LocalDate), column)
    case 'timestamp':
      return momentText((value as Date).getTime(), 'sql', column)
    case 'time':
      return timeText(value as types.LocalTime)
    case 'duration':
    case 'inet':
    case 'uuid':
    case 'timeuuid':
      return String(value)
  }
  return kind satisfies never
}

/** The bytes without what Buffer adds. */
export function bytesOf({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length)
}

/** Most zeros that are written out for a decimal such as 1E+10000. */
const mostZeros = 10_000

/** Digits, a point where there is a scale, and no exponent. */
function decimalText(value: types.BigDecimal, column: string): string {
  const { _intVal: unscaled, _scale: scale } = value as unknown as { _intVal: types.Integer; _scale: number }
  const text = unscaled.toString()
  if (scale === 0) return text
  const sign = text.startsWith('-') ? '-' : ''
  const digits = text.slice(sign.length)
  if (Math.abs(scale) > mostZeros + digits.length) {
    throw cassandraError('cassandra-value-refused', `Column "${column}" has a decimal of scale ${scale}`)
  }
  if (scale < 0) return digits === '0' ? '0' : `${sign}${digits}${'0'.repeat(-scale)}`
  const padded = digits.padStart(scale + 1, '0')
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

/** Days since 1970-01-01; the client keeps them beside when its calendar ends before. */
function daysOf(date: types.LocalDate): number {
  return date.toBuffer().readUInt32BE(0) - 2 ** 31
}

/** Hours to nanoseconds, with as many digits of the second as there are. */
function timeText(time: types.LocalTime): string {
  const two = (part: number): string => String(part).padStart(2, '0')
  const { hour, minute, second, nanosecond } = time
  const fraction = nanosecond === 0 ? '' : `.${String(nanosecond).padStart(9, '0').replace(/0+$/, '')}`
  return `${two(hour)}:${two(minute)}:${two(second)}${fraction}`
}
