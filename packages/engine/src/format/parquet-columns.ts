import type { Column, Field, FixedColumn, LogicalType, VariableColumn } from '@bulkhead/connector-sdk'
import { isValid } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type * as Arrow from 'apache-arrow'
import { decimalBounds, decimalFaultText, writeDecimal128 } from './decimal128.ts'
import { halves } from './value-text.ts'

/**
 * Columns as Arrow data, which the Parquet writer takes. Text, numbers and timestamps are handed on as
 * they are; booleans become bits, small integers narrow, bounded decimals become 128-bit integers.
 *
 * | type | Parquet |
 * |---|---|
 * | boolean, integers, floats, date, timestamp | of the same width and sign; timestamps in microseconds, zoned ones as instants in UTC |
 * | decimal with a precision up to 38 | decimal of that precision and scale |
 * | any other decimal | text: Parquet has no unbounded decimal |
 * | text, json | text |
 * | binary | binary |
 */
export interface ArrowColumn {
  readonly type: Arrow.DataType
  /** @param firstRow  number of the first row in the file, for messages */
  data(column: Column, rows: number, firstRow: number): Arrow.Data
}

type ArrowModule = typeof Arrow

/** How a field is kept in Parquet. */
export function arrowColumn(arrow: ArrowModule, field: Field): ArrowColumn {
  const { type } = field
  switch (type.kind) {
    case 'boolean':
      return column(arrow, field, new arrow.Bool(), (fixed: FixedColumn, rows) => ({
        data: packBits(fixed, rows),
      }))
    case 'integer':
      return integerColumn(arrow, field, type)
    case 'float':
      return column(
        arrow,
        field,
        type.bits === 32 ? new arrow.Float32() : new arrow.Float64(),
        (fixed: FixedColumn) => ({
          data: fixed.values,
        }),
      )
    case 'date':
      return column(arrow, field, new arrow.DateDay(), (fixed: FixedColumn, rows, firstRow) => {
        checkDates(field, fixed, rows, firstRow)
        return { data: fixed.values }
      })
    case 'timestamp':
      return column(
        arrow,
        field,
        new arrow.TimestampMicrosecond(type.zoned ? 'UTC' : null),
        (fixed: FixedColumn, rows, firstRow) => {
          checkTimestamps(field, fixed, rows, firstRow)
          return { data: fixed.values }
        },
      )
    case 'decimal':
      return decimalColumn(arrow, field, type)
    case 'text':
    case 'json':
      return variableColumn(arrow, field, new arrow.Utf8())
    case 'binary':
      return variableColumn(arrow, field, new arrow.Binary())
  }
  return type satisfies never
}

interface Buffers {
  readonly data: ArrayBufferView
  readonly valueOffsets?: Int32Array
}

function column<Layout extends Column>(
  arrow: ArrowModule,
  field: Field,
  type: Arrow.DataType,
  buffers: (column: Layout, rows: number, firstRow: number) => Buffers,
): ArrowColumn {
  return {
    type,
    data(values, rows, firstRow) {
      const nullCount = countNulls(values.validity, rows)
      if (nullCount > 0 && !field.nullable) {
        throw fault('value-invalid', `Column "${field.name}" has a null, and its source promised none`)
      }
      return arrow.makeData({
        type,
        length: rows,
        nullCount,
        nullBitmap: nullCount === 0 ? undefined : values.validity,
        ...buffers(values as Layout, rows, firstRow),
      } as Parameters<ArrowModule['makeData']>[0])
    },
  }
}

function variableColumn(arrow: ArrowModule, field: Field, type: Arrow.DataType): ArrowColumn {
  return column(arrow, field, type, ({ bytes, offsets }: VariableColumn, rows) => ({
    data: bytes,
    valueOffsets: offsets.subarray(0, rows + 1),
  }))
}

function integerColumn(
  arrow: ArrowModule,
  field: Field,
  { bits, unsigned = false }: LogicalType & { kind: 'integer' },
): ArrowColumn {
  const wide = (fixed: FixedColumn): Buffers => ({ data: fixed.values })
  if (bits === 64) return column(arrow, field, unsigned ? new arrow.Uint64() : new arrow.Int64(), wide)
  if (bits === 32) return column(arrow, field, unsigned ? new arrow.Uint32() : new arrow.Int32(), wide)
  const [type, array] = unsigned
    ? bits === 8
      ? ([new arrow.Uint8(), Uint8Array] as const)
      : ([new arrow.Uint16(), Uint16Array] as const)
    : bits === 8
      ? ([new arrow.Int8(), Int8Array] as const)
      : ([new arrow.Int16(), Int16Array] as const)
  return column(arrow, field, type, (fixed: FixedColumn, rows, firstRow) => {
    const values = fixed.values as Int32Array | Uint32Array
    const narrow = new array(rows)
    for (let row = 0; row < rows; row++) {
      narrow[row] = values[row]!
      if (narrow[row] === values[row] || !isValid(fixed, row)) continue
      throw fault(
        'value-invalid',
        `Row ${firstRow + row} of column "${field.name}" has more than ${bits} bits`,
      )
    }
    return { data: narrow }
  })
}

function decimalColumn(
  arrow: ArrowModule,
  field: Field,
  decimal: LogicalType & { kind: 'decimal' },
): ArrowColumn {
  const bounds = decimalBounds(decimal)
  if (bounds === undefined) return variableColumn(arrow, field, new arrow.Utf8())
  const { digits, after } = bounds
  return column(
    arrow,
    field,
    new arrow.Decimal(after, digits, 128),
    (text: VariableColumn, rows, firstRow) => {
      const words = new Uint32Array(4 * rows)
      for (let row = 0; row < rows; row++) {
        if (!isValid(text, row)) continue
        const from = text.offsets[row]!
        const to = text.offsets[row + 1]!
        const wrong = writeDecimal128(words, row, text.bytes, from, to, digits, after)
        if (wrong === undefined) continue
        throw outOfRange(
          field,
          firstRow + row,
          decimalFaultText(wrong, bounds),
          'Cast the column to text, or to a decimal with room for its values',
        )
      }
      return { data: words }
    },
  )
}

function checkDates(field: Field, fixed: FixedColumn, rows: number, firstRow: number): void {
  const values = fixed.values as Int32Array
  for (let row = 0; row < rows; row++) {
    const days = values[row]!
    if ((days === 0x7fff_ffff || days === -0x8000_0000) && isValid(fixed, row)) {
      throw outOfRange(
        field,
        firstRow + row,
        'an infinite date',
        'Cast the column to text, or replace infinity',
      )
    }
  }
}

function checkTimestamps(field: Field, fixed: FixedColumn, rows: number, firstRow: number): void {
  const values = halves(fixed)
  for (let row = 0; row < rows; row++) {
    const high = values[2 * row + 1]!
    if (high !== 0x7fff_ffff && high !== -0x8000_0000) continue
    if (values[2 * row] === (high < 0 ? 0 : -1) && isValid(fixed, row)) {
      throw outOfRange(
        field,
        firstRow + row,
        'an infinite timestamp',
        'Cast the column to text, or replace infinity',
      )
    }
  }
}

function outOfRange(field: Field, row: number, what: string, fix: string): Error {
  return fault(
    'parquet-value-out-of-range',
    `Column "${field.name}" has ${what} in row ${row}, which Parquet cannot keep`,
    { fix },
  )
}

function packBits({ values }: FixedColumn, rows: number): Uint8Array {
  const bits = new Uint8Array((rows + 7) >> 3)
  for (let row = 0; row < rows; row++) bits[row >> 3]! |= (values[row] === 0 ? 0 : 1) << (row & 7)
  return bits
}

function countNulls(validity: Uint8Array | undefined, rows: number): number {
  if (validity === undefined) return 0
  let nulls = 0
  for (let row = 0; row < rows; row++) nulls += 1 - ((validity[row >> 3]! >> (row & 7)) & 1)
  return nulls
}
