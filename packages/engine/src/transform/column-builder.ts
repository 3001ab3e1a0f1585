import type { Column, FixedColumn, LogicalType } from '@bulkhead/connector-sdk'
import { parseDate, parseTimestamp } from './calendar.ts'

/** Collects the values of one column, as the application's code gives them. */
export interface ColumnBuilder {
  /** Bytes collected so far, roughly. */
  readonly bytes: number
  /**
   * Adds a value; null and undefined are null.
   * @returns what is wrong with it, to follow "must be"; undefined when it was added
   */
  add(value: unknown): string | undefined
  /** The column of everything added, and the builder begins anew. */
  take(): Column
}

/**
 * A builder for the values of a type. What it takes is exact or refused:
 *
 * | type | takes besides null |
 * |---|---|
 * | boolean | boolean |
 * | integer | number or bigint, whole and within its bits |
 * | float | number; rounded to 32 bits where the column has 32, as a `Float32Array` does |
 * | decimal | text of digits, `NaN` or infinity; whole number or bigint |
 * | text | text without lone surrogates |
 * | binary | Uint8Array, copied |
 * | date | text, as in the view of a row |
 * | timestamp | text, as in the view of a row; a Date when it is zoned |
 * | json | JSON text, or an object, array, number or boolean to be written as JSON |
 */
export function createColumnBuilder(type: LogicalType): ColumnBuilder {
  switch (type.kind) {
    case 'boolean':
      return fixedBuilder(new Uint8Array(initialRows), (values, row, value) => {
        if (typeof value !== 'boolean') return 'true or false'
        values[row] = value ? 1 : 0
        return undefined
      })
    case 'integer':
      return type.bits === 64 ? wideIntegerBuilder(type.unsigned === true) : integerBuilder(type)
    case 'float':
      return fixedBuilder(
        type.bits === 32 ? new Float32Array(initialRows) : new Float64Array(initialRows),
        (values, row, value) => {
          if (typeof value !== 'number') return 'a number'
          values[row] = value
          const overflown = Number.isFinite(value) && !Number.isFinite(values[row])
          return overflown ? 'a number that 32 bits can hold' : undefined
        },
      )
    case 'date':
      return fixedBuilder(new Int32Array(initialRows), (values, row, value) => {
        const days = typeof value === 'string' ? parseDate(value) : undefined
        if (days === undefined) return 'a date such as 2026-10-31, as text'
        values[row] = days
        return undefined
      })
    case 'timestamp':
      return timestampBuilder(type.zoned)
    case 'decimal':
      return variableBuilder((value) => decimalText(value, type))
    case 'text':
      return variableBuilder((value) =>
        typeof value === 'string' && value.isWellFormed()
          ? { text: value }
          : 'text of whole Unicode characters',
      )
    case 'json':
      return variableBuilder(jsonText)
    case 'binary':
      return variableBuilder((value) => (value instanceof Uint8Array ? { bytes: value } : 'a Uint8Array'))
  }
  return type satisfies never
}

const initialRows = 1024

/** One bit a row, begun when the first null comes. */
class Validity {
  #bits: Uint8Array | undefined

  addNull(row: number): void {
    this.#bits = this.#roomFor(row)
    this.#bits[row >> 3]! &= ~(1 << (row & 7))
  }

  addValue(row: number): void {
    if (this.#bits !== undefined) this.#bits = this.#roomFor(row)
  }

  take(rows: number): Uint8Array | undefined {
    const bits = this.#bits?.subarray(0, (rows + 7) >> 3)
    this.#bits = undefined
    return bits
  }

  /** Rows are valid until said otherwise. */
  #roomFor(row: number): Uint8Array {
    const bits = this.#bits ?? new Uint8Array(Math.max(initialRows, row + 1) >> 2).fill(0xff)
    if (row >> 3 < bits.length) return bits
    const larger = new Uint8Array(2 * (row >> 3)).fill(0xff)
    larger.set(bits)
    return larger
  }
}

type FixedValues = FixedColumn['values']

function fixedBuilder<Values extends FixedValues>(
  initial: Values,
  put: (values: Values, row: number, value: unknown) => string | undefined,
): ColumnBuilder {
  let values = initial
  let rows = 0
  const validity = new Validity()
  const sized = values.constructor as new (length: number) => Values
  return {
    get bytes() {
      return rows * values.BYTES_PER_ELEMENT
    },
    add(value) {
      if (rows === values.length) {
        const larger = new sized(2 * rows)
        larger.set(values as never)
        values = larger
      }
      if (value === null || value === undefined) {
        validity.addNull(rows++)
        return undefined
      }
      const wrong = put(values, rows, value)
      if (wrong === undefined) validity.addValue(rows++)
      return wrong
    },
    take() {
      const column: Column = {
        layout: 'fixed',
        values: values.subarray(0, rows) as FixedValues,
        validity: validity.take(rows),
      }
      values = new sized(Math.max(initialRows, rows))
      rows = 0
      return column
    },
  }
}

function integerBuilder({ bits, unsigned = false }: LogicalType & { kind: 'integer' }): ColumnBuilder {
  const least = unsigned ? 0 : -(2 ** (bits - 1))
  const most = unsigned ? 2 ** bits - 1 : 2 ** (bits - 1) - 1
  const expected = `a whole number from ${least} to ${most}`
  return fixedBuilder(
    unsigned ? new Uint32Array(initialRows) : new Int32Array(initialRows),
    (values, row, value) => {
      if (typeof value !== 'number' && typeof value !== 'bigint') return expected
      if (value < least || value > most || (typeof value === 'number' && !Number.isInteger(value)))
        return expected
      values[row] = Number(value)
      return undefined
    },
  )
}

function wideIntegerBuilder(unsigned: boolean): ColumnBuilder {
  const fits = (whole: bigint): boolean =>
    whole === (unsigned ? BigInt.asUintN(64, whole) : BigInt.asIntN(64, whole))
  return fixedBuilder<BigInt64Array | BigUint64Array>(
    unsigned ? new BigUint64Array(initialRows) : new BigInt64Array(initialRows),
    (values, row, value) => {
      const whole =
        typeof value === 'bigint' ? value : Number.isSafeInteger(value) ? BigInt(value as number) : undefined
      if (whole === undefined || !fits(whole)) {
        return `a bigint or whole number of 64 bits${unsigned ? ', not below 0' : ''}`
      }
      values[row] = whole
      return undefined
    },
  )
}

function timestampBuilder(zoned: boolean): ColumnBuilder {
  return fixedBuilder(new BigInt64Array(initialRows), (values, row, value) => {
    if (zoned && value instanceof Date && !Number.isNaN(value.getTime())) {
      values[row] = BigInt(value.getTime()) * 1000n
      return undefined
    }
    const micros = typeof value === 'string' ? parseTimestamp(value, zoned) : undefined
    if (micros === undefined) {
      return zoned
        ? 'a timestamp such as 2026-10-31 08:15:00+00, as text, or a Date'
        : 'a timestamp such as 2026-10-31 08:15:00, as text, without a zone'
    }
    values[row] = micros
    return undefined
  })
}

type Encoded = string | { readonly text: string } | { readonly bytes: Uint8Array }

/** @param encode  the value as text or bytes, or what it must be */
function variableBuilder(encode: (value: unknown) => Encoded): ColumnBuilder {
  let bytes = Buffer.alloc(16 * initialRows)
  let offsets = new Int32Array(initialRows)
  let end = 0
  let rows = 0
  const validity = new Validity()

  function ensure(more: number): void {
    if (end + more <= bytes.length) return
    const larger = Buffer.alloc(Math.max(2 * bytes.length, end + more))
    larger.set(bytes.subarray(0, end))
    bytes = larger
  }

  return {
    get bytes() {
      return end + 4 * rows
    },
    add(value) {
      if (rows + 1 === offsets.length) {
        const larger = new Int32Array(2 * offsets.length)
        larger.set(offsets)
        offsets = larger
      }
      if (value === null || value === undefined) {
        validity.addNull(rows)
      } else {
        const encoded = encode(value)
        if (typeof encoded === 'string') return encoded
        if ('text' in encoded) {
          // Three bytes a unit of UTF-16 at most.
          ensure(3 * encoded.text.length)
          end += bytes.write(encoded.text, end, 'utf8')
        } else {
          ensure(encoded.bytes.length)
          bytes.set(encoded.bytes, end)
          end += encoded.bytes.length
        }
        validity.addValue(rows)
      }
      offsets[++rows] = end
      return undefined
    },
    take() {
      const column: Column = {
        layout: 'variable',
        offsets: offsets.subarray(0, rows + 1),
        bytes: bytes.subarray(0, end),
        validity: validity.take(rows),
      }
      bytes = Buffer.alloc(Math.max(16 * initialRows, end))
      offsets = new Int32Array(Math.max(initialRows, rows + 2))
      end = 0
      rows = 0
      return column
    },
  }
}

const decimalPattern = /^-?(\d+)(?:\.(\d+))?$/
const specialDecimals = new Set(['NaN', 'Infinity', '-Infinity'])

function decimalText(value: unknown, { precision, scale = 0 }: LogicalType & { kind: 'decimal' }): Encoded {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return fitting(String(value))
  return typeof value === 'string' ? fitting(value) : expectedDecimal()

  function fitting(text: string): Encoded {
    if (specialDecimals.has(text)) return { text }
    const match = decimalPattern.exec(text)
    if (match === null) return expectedDecimal()
    if (precision === undefined) return { text }
    const fraction = (match[2] ?? '').replace(/0+$/, '')
    const digits = (match[1]! + fraction.padEnd(Math.max(0, scale), '0')).replace(/^0+/, '').length
    const fits = fraction.length <= Math.max(0, scale) && digits <= precision - Math.min(0, scale)
    return fits ? { text } : expectedDecimal()
  }

  function expectedDecimal(): string {
    const bound = precision === undefined ? '' : ` of at most ${precision} digits and the scale ${scale}`
    return `a decimal${bound}, as text such as 12.50`
  }
}

function jsonText(value: unknown): Encoded {
  const expected = 'JSON, as text or as an object'
  try {
    if (typeof value === 'string') {
      JSON.parse(value)
      return value.isWellFormed() ? { text: value } : expected
    }
    const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value)
    return text === undefined ? expected : { text }
  } catch {
    return expected
  }
}
