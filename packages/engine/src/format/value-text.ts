import {
  float32Text,
  float64Text,
  floatWidth,
  type FixedColumn,
  type LogicalType,
} from '@bulkhead/connector-sdk'
import {
  dateWidth,
  timestampWidth,
  writeDate,
  writeTimestamp,
  type MomentStyle,
} from '../transform/calendar.ts'
import { integerWidth, writeAscii, writeInteger, writeInteger64 } from './integer-text.ts'

/**
 * How a value of a type with fixed layout reads, the one place for every text format: PostgreSQL's
 * output with `DateStyle` ISO and `extra_float_digits` 1. Booleans are the format's own, they differ;
 * decimal, text and json are already text in their column.
 */

/** Appends the value of a row that is not null. @returns the position after it */
export type WriteValue = (row: number, out: Uint8Array, at: number) => number

export type FixedType = Extract<LogicalType, { kind: 'integer' | 'float' | 'date' | 'timestamp' }>

/** Room that a value of the type may use at most, in bytes. */
export function textWidth(type: FixedType): number {
  switch (type.kind) {
    case 'integer':
      return integerWidth
    case 'float':
      return floatWidth
    case 'date':
      return dateWidth
    case 'timestamp':
      return timestampWidth
  }
  return type satisfies never
}

export function valueWriter(type: FixedType, column: FixedColumn, style: MomentStyle): WriteValue {
  switch (type.kind) {
    case 'integer':
      return type.bits === 64 ? wideIntegers(halves(column), type.unsigned === true) : integers(column)
    case 'float': {
      const values = column.values as Float32Array | Float64Array
      const text = type.bits === 32 ? float32Text : float64Text
      return (row, out, at) => writeAscii(out, at, text(values[row]!))
    }
    case 'date': {
      const values = column.values as Int32Array
      return (row, out, at) => writeDate(out, at, values[row]!)
    }
    case 'timestamp': {
      const values = halves(column)
      const { zoned } = type
      return (row, out, at) => writeTimestamp(out, at, values[2 * row]!, values[2 * row + 1]!, zoned, style)
    }
  }
  return type satisfies never
}

/** 64-bit values as pairs of lower and upper half. Every platform of Node is little-endian. */
export function halves({ values }: FixedColumn): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4)
}

const hexDigits = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/** Appends bytes as hexadecimal digits. */
export function writeHex(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
  let end = at
  for (let index = from; index < to; index++) {
    const byte = bytes[index]!
    out[end] = hexDigits[byte >> 4]!
    out[end + 1] = hexDigits[byte & 15]!
    end += 2
  }
  return end
}

function integers(column: FixedColumn): WriteValue {
  const values = column.values as Int32Array | Uint32Array
  return (row, out, at) => writeInteger(out, at, values[row]!)
}

function wideIntegers(values: Int32Array, unsigned: boolean): WriteValue {
  return (row, out, at) => writeInteger64(out, at, values[2 * row]!, values[2 * row + 1]!, unsigned)
}
