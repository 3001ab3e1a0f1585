import type { Column, ColumnsBatch, Field, FixedColumn, VariableColumn } from '@bulkhead/connector-sdk'
import { INFINITE_DATE, MINUS_INFINITE_DATE } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { longWidth, writeInt, writeLengthAnd, writeLong, writeWords } from './avro-binary.ts'
import { decimalBounds, decimalFaultText, writeDecimal128 } from './decimal128.ts'
import type { RowWriter } from './row-formatter.ts'
import { halves, type WriteValue } from './value-text.ts'
import { refuseForeignText } from './valid-text.ts'

/**
 * Rows in the binary encoding of Avro, straight from columns.
 *
 * @param rowNumber  number of a row of this batch in the whole result, for messages
 * @throws BulkheadError `avro-value-out-of-range`, `value-invalid`
 */
export function avroRowWriter(
  fields: readonly Field[],
  batch: ColumnsBatch,
  rowNumber: (row: number) => number,
): RowWriter {
  const cells = fields.map((field, index) => cellWriter(field, batch.columns[index]!, batch.rows, rowNumber))
  // A union's branch, and a number or a length before bytes; a decimal has at most 17 bytes.
  const fixed = fields.length * (1 + 2 * longWidth)
  const texts = batch.columns.flatMap((column) => (column.layout === 'fixed' ? [] : [column.offsets]))
  return {
    bound(row) {
      let bytes = fixed
      for (const offsets of texts) bytes += offsets[row + 1]! - offsets[row]!
      return bytes
    },
    write(row, out, at) {
      let end = at
      for (let index = 0; index < cells.length; index++) end = cells[index]!(row, out, end)
      return end
    },
  }
}

type RowNumber = (row: number) => number

function cellWriter(field: Field, column: Column, rows: number, rowNumber: RowNumber): WriteValue {
  const write = presentWriter(field, column, rows, rowNumber)
  const { validity } = column
  if (!field.nullable) {
    if (validity === undefined) return write
    return (row, out, at) => {
      if ((validity[row >> 3]! & (1 << (row & 7))) !== 0) return write(row, out, at)
      throw fault('value-invalid', `Column "${field.name}" has a null, and its source promised none`)
    }
  }
  // The branch of the union: 0 is null, 1 the value; zigzag doubles it.
  return (row, out, at) => {
    if (validity !== undefined && (validity[row >> 3]! & (1 << (row & 7))) === 0) {
      out[at] = 0
      return at + 1
    }
    out[at] = 2
    return write(row, out, at + 1)
  }
}

function presentWriter(field: Field, column: Column, rows: number, rowNumber: RowNumber): WriteValue {
  const { type } = field
  switch (type.kind) {
    case 'boolean': {
      const values = (column as FixedColumn).values as Uint8Array
      return (row, out, at) => {
        out[at] = values[row] === 0 ? 0 : 1
        return at + 1
      }
    }
    case 'integer': {
      if (type.bits === 64)
        return type.unsigned === true ? unsignedLongs(column as FixedColumn) : longs(column as FixedColumn)
      const values = (column as FixedColumn).values as Int32Array | Uint32Array
      return (row, out, at) => writeInt(out, at, values[row]!)
    }
    case 'float':
      return type.bits === 32 ? floats(column as FixedColumn) : doubles(column as FixedColumn)
    case 'date':
      return dates(field, column as FixedColumn, rowNumber)
    case 'timestamp':
      return timestamps(field, column as FixedColumn, rowNumber)
    case 'decimal':
      return decimals(field, column as VariableColumn, rowNumber)
    case 'text':
    case 'json':
      refuseForeignText(column as VariableColumn, rows, field, rowNumber, 'Avro')
      return byteValues(column as VariableColumn)
    case 'binary':
      return byteValues(column as VariableColumn)
  }
  return type satisfies never
}

function longs(column: FixedColumn): WriteValue {
  const values = halves(column)
  return (row, out, at) => writeLong(out, at, values[2 * row]!, values[2 * row + 1]!)
}

/** As decimals of 20 digits: the third word keeps the sign positive. */
function unsignedLongs(column: FixedColumn): WriteValue {
  const values = halves(column)
  const words = new Uint32Array(4)
  return (row, out, at) => {
    words[0] = values[2 * row]!
    words[1] = values[2 * row + 1]!
    return writeWords(out, at, words)
  }
}

function floats({ values }: FixedColumn): WriteValue {
  return (row, out, at) => {
    view(out).setFloat32(at, values[row] as number, true)
    return at + 4
  }
}

function doubles({ values }: FixedColumn): WriteValue {
  return (row, out, at) => {
    view(out).setFloat64(at, values[row] as number, true)
    return at + 8
  }
}

let viewed: Uint8Array | undefined
let lastView: DataView
/** Pieces are written into one buffer after the other, each with thousands of values. */
function view(out: Uint8Array): DataView {
  if (out !== viewed) {
    viewed = out
    lastView = new DataView(out.buffer, out.byteOffset, out.byteLength)
  }
  return lastView
}

function dates(field: Field, { values }: FixedColumn, rowNumber: RowNumber): WriteValue {
  return (row, out, at) => {
    const days = values[row] as number
    if (days === INFINITE_DATE || days === MINUS_INFINITE_DATE)
      throw outOfRange(
        field,
        rowNumber(row),
        'an infinite date',
        'Cast the column to text, or replace infinity',
      )
    return writeInt(out, at, days)
  }
}

function timestamps(field: Field, column: FixedColumn, rowNumber: RowNumber): WriteValue {
  const values = halves(column)
  return (row, out, at) => {
    const low = values[2 * row]!
    const high = values[2 * row + 1]!
    if ((high === 0x7fff_ffff && low === -1) || (high === -0x8000_0000 && low === 0))
      throw outOfRange(
        field,
        rowNumber(row),
        'an infinite timestamp',
        'Cast the column to text, or replace infinity',
      )
    return writeLong(out, at, low, high)
  }
}

function decimals(field: Field, column: VariableColumn, rowNumber: RowNumber): WriteValue {
  const bounds = field.type.kind === 'decimal' ? decimalBounds(field.type) : undefined
  if (bounds === undefined) return byteValues(column)
  const { offsets, bytes } = column
  const words = new Uint32Array(4)
  return (row, out, at) => {
    const [from, to] = [offsets[row]!, offsets[row + 1]!]
    const wrong = writeDecimal128(words, 0, bytes, from, to, bounds.digits, bounds.after)
    if (wrong !== undefined)
      throw outOfRange(
        field,
        rowNumber(row),
        decimalFaultText(wrong, bounds),
        'Cast the column to text, or to a decimal with room for its values',
      )
    return writeWords(out, at, words)
  }
}

function byteValues({ offsets, bytes }: VariableColumn): WriteValue {
  return (row, out, at) => writeLengthAnd(out, at, bytes, offsets[row]!, offsets[row + 1]!)
}

function outOfRange(field: Field, row: number, what: string, fix: string): Error {
  return fault(
    'avro-value-out-of-range',
    `Column "${field.name}" has ${what} in row ${row}, which Avro cannot keep`,
    { fix },
  )
}
