import type { ColumnInfo } from '@aws-sdk/client-athena'
import type { Field, LogicalType, Value } from '@bulkhead/connector-sdk'
import { athenaError } from '../errors.ts'
import { dateOf, instantOf, timestampOf } from './moment.ts'

/** A column of the result, and how its text is read. */
export interface Column {
  readonly field: Field
  /** @throws BulkheadError `athena-value-refused`; never shows the value */
  readonly valueOf: (text: string | null) => Value
}

/** What a type reads; undefined for a text that is none of it. */
type Reader = (text: string) => Value | undefined

/** A column by what Athena says about it. A type that is not known is text, as Athena writes it. */
export function columnOf({ Name = '', Type = 'unknown', Precision = 0, Scale = 0 }: ColumnInfo): Column {
  const { type, read } = readerOf(Type.toLowerCase(), Precision, Scale)
  const sourceType = type.kind === 'decimal' && Precision > 0 ? `decimal(${Precision},${Scale})` : Type
  return {
    field: { name: Name, type, nullable: true, sourceType },
    valueOf(text) {
      if (text === null) return null
      const value = read(text)
      if (value !== undefined) return value
      throw athenaError(
        'athena-value-refused',
        `A value of the column "${Name}" is no ${sourceType} that can be kept`,
        {
          path: 'query',
        },
      )
    },
  }
}

function readerOf(
  name: string,
  precision: number,
  scale: number,
): { readonly type: LogicalType; readonly read: Reader } {
  switch (name) {
    case 'boolean':
      return {
        type: { kind: 'boolean' },
        read: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
      }
    case 'tinyint':
      return integer(8)
    case 'smallint':
      return integer(16)
    case 'integer':
    case 'int':
      return integer(32)
    case 'bigint':
      return { type: { kind: 'integer', bits: 64 }, read: (text) => wholeOf(text, 64) }
    case 'real':
    case 'float':
      return { type: { kind: 'float', bits: 32 }, read: (text) => map(floatOf(text), Math.fround) }
    case 'double':
      return { type: { kind: 'float', bits: 64 }, read: floatOf }
    case 'decimal':
      return {
        type: { kind: 'decimal', ...(precision > 0 ? { precision, scale } : {}) },
        read: (text) => (/^-?\d{1,100}(\.\d{1,100})?$/.test(text) ? text : undefined),
      }
    case 'varbinary':
      return { type: { kind: 'binary' }, read: bytesOf }
    case 'date':
      return { type: { kind: 'date' }, read: dateOf }
    case 'timestamp':
      return { type: { kind: 'timestamp', zoned: false }, read: timestampOf }
    case 'timestamp with time zone':
      return { type: { kind: 'timestamp', zoned: true }, read: instantOf }
    case 'json':
      return { type: { kind: 'json' }, read: jsonOf }
    default:
      return { type: { kind: 'text' }, read: (text) => text }
  }
}

function integer(bits: 8 | 16 | 32): { readonly type: LogicalType; readonly read: Reader } {
  return { type: { kind: 'integer', bits }, read: (text) => map(wholeOf(text, bits), Number) }
}

function wholeOf(text: string, bits: number): bigint | undefined {
  if (!/^-?\d{1,20}$/.test(text)) return undefined
  const value = BigInt(text)
  return value === BigInt.asIntN(bits, value) ? value : undefined
}

function floatOf(text: string): number | undefined {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return Number(text)
  return /^-?\d{1,400}(\.\d{1,400})?(E[+-]?\d{1,4})?$/i.test(text) ? Number(text) : undefined
}

/** Athena writes `00 ff 10`. */
function bytesOf(text: string): Uint8Array | undefined {
  if (text === '') return new Uint8Array()
  return /^[0-9a-f]{2}( [0-9a-f]{2})*$/i.test(text)
    ? Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
    : undefined
}

function jsonOf(text: string): string | undefined {
  try {
    JSON.parse(text)
    return text
  } catch {
    return undefined
  }
}

function map<A, B>(value: A | undefined, change: (value: A) => B): B | undefined {
  return value === undefined ? undefined : change(value)
}
